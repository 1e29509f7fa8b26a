// wp-config.php: whatever it holds, an earlier definition is not replaced by what comes after it, and what PHP would
// read as a literal is read as that.
#include "site/wp_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "fuzz/require.h"
#include "site/php_tokens.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

// Nothing, if the source has too many tokens.
std::optional<PhpSettings> settings_of(const std::string& source) {
  try {
    return wp_config_settings(source);
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::failed, "only an absurd source is refused");
    test::require(source.size() > 200'000 - 2, "a token has a byte at least");
    return std::nullopt;
  }
}

std::optional<std::string> value_in(const std::string& source, const char* constant) {
  const auto settings = settings_of(source);
  if (!settings || !settings->contains(constant)) return std::nullopt;
  return settings->find(constant)->second.text;
}

void check_tokens(std::string_view source) {
  const auto lines = static_cast<std::size_t>(std::count(source.begin(), source.end(), '\n')) + 1;
  std::size_t line = 1;
  for (const PhpToken& token : php_tokens(source)) {
    test::require(line <= token.line && token.line <= lines, "tokens come in the order of their lines");
    test::require(token.value.size() <= 2 * source.size() + 1, "a value is about as long as its source");
    test::require(token.kind != PhpToken::Kind::symbol || token.value.size() == 1, "a symbol is one character");
    line = token.line;
  }
}

void check_settings(const std::string& source) {
  const auto settings = settings_of(source);
  if (!settings) return;
  for (const auto& [name, value] : *settings) {
    test::require(value.text.has_value() == value.why.empty(), "a value is there, or a reason why not");
  }
}

// What a later part of the file says, in any way, about a constant that is defined already.
void check_first_definition(const std::string& text) {
  const std::string source = "<?php define('DB_NAME', 'first');\n" + text;
  const auto settings = settings_of(source);
  if (!settings) return;
  const auto place = settings->find("DB_NAME");
  test::require(place != settings->end(), "an earlier definition is seen");
  test::require(!place->second.text || *place->second.text == "first", "an earlier definition is not replaced");
}

void check_literals(const std::string& text) {
  std::string single, doubled;
  for (const char c : text) {
    if (c == '\'' || c == '\\') single += '\\';
    single += c;
    doubled += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  test::require(value_in("<?php define('DB_NAME', '" + single + "');", "DB_NAME") == text, "single quotes");
  test::require(value_in("<?php const DB_NAME = \"" + doubled + "\";", "DB_NAME") == text, "double quotes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(text_of(test::bytes_at(data, size)));
  check_tokens(text);
  check_settings(text);
  check_first_definition(text);
  check_literals(text);
  return 0;
}
