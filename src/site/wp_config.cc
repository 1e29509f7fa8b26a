#include "site/wp_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "site/php_tokens.h"

namespace wobackup {
namespace {

using Kind = PhpToken::Kind;

class Reader {
 public:
  explicit Reader(std::vector<PhpToken> tokens) : tokens_(std::move(tokens)) {}

  PhpSettings run() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      const PhpToken& token = tokens_[at_];
      if (token.kind == Kind::name) {
        std::string word = lower_ascii(token.value);
        if (word.starts_with('\\')) word.erase(0, 1);
        if (word == "define" && !is_member_access()) read_define();
        if (word == "const") read_const();
      } else if (token.kind == Kind::variable && token.value == "$table_prefix" && symbol(1, "=") && !symbol(2, "=")) {
        settle("$table_prefix", value_from(at_ + 2, ";"));
      }
    }
    return std::move(settings_);
  }

 private:
  [[nodiscard]] bool symbol(std::size_t ahead, std::string_view text) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].kind == Kind::symbol &&
           tokens_[at_ + ahead].value == text;
  }
  [[nodiscard]] bool kind(std::size_t ahead, Kind wanted) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].kind == wanted;
  }
  // $x->define(...), X::define(...) and function define(...) are something else.
  [[nodiscard]] bool is_member_access() const {
    if (at_ == 0) return false;
    const PhpToken& before = tokens_[at_ - 1];
    return (before.kind == Kind::symbol && (before.value == ">" || before.value == ":")) ||
           (before.kind == Kind::name && lower_ascii(before.value) == "function");
  }

  void read_define() {
    if (!symbol(1, "(") || !kind(2, Kind::text) || !symbol(3, ",")) return;
    settle(tokens_[at_ + 2].value, value_from(at_ + 4, ",)"));
  }

  void read_const() {
    if (kind(1, Kind::name) && symbol(2, "=")) settle(tokens_[at_ + 1].value, value_from(at_ + 3, ",;"));
  }

  // 'a' . 'b' up to one of the closing symbols; anything else is computed.
  [[nodiscard]] PhpValue value_from(std::size_t position, std::string_view closing) const {
    PhpValue value;
    value.line = tokens_[std::min(position, tokens_.size() - 1)].line;
    value.why = "is computed";
    std::string text;
    while (position + 1 < tokens_.size()) {
      if (tokens_[position].kind != Kind::text) return value;
      text += tokens_[position].value;
      const PhpToken& after = tokens_[position + 1];
      if (after.kind != Kind::symbol || after.value.size() != 1) return value;
      if (closing.find(after.value[0]) != std::string_view::npos) {
        value.text = std::move(text);
        value.why.clear();
        return value;
      }
      if (after.value != ".") return value;
      position += 2;
    }
    return value;
  }

  // Which of two definitions PHP would take depends on conditions that only PHP can decide.
  void settle(const std::string& name, PhpValue value) {
    const auto [place, added] = settings_.try_emplace(name, value);
    if (added || (place->second.text && place->second.text == value.text)) return;
    const std::size_t first_line = place->second.line;
    place->second.text.reset();
    place->second.why = fmt::format("is defined differently in lines {} and {}", first_line, value.line);
  }

  std::vector<PhpToken> tokens_;
  std::size_t at_ = 0;
  PhpSettings settings_;
};

}  // namespace

PhpSettings wp_config_settings(std::string_view source) { return Reader(php_tokens(source)).run(); }

}  // namespace wobackup
