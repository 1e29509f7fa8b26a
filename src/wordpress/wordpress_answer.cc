#include "wordpress/wordpress_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json_text.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kMostTexts = 1000;

Error not_started(const std::string& why, const std::string& hint = {}) {
  return {ErrorKind::verification, "WordPress does not start: " + why, hint};
}

// The text between the first two tokens; nothing if there are not two.
std::optional<std::string_view> marked(std::string_view out, std::string_view token) {
  const std::size_t begin = out.find(token);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = out.find(token, begin + token.size());
  if (end == std::string_view::npos) return std::nullopt;
  return out.substr(begin + token.size(), end - begin - token.size());
}

std::string shown(std::string_view text, std::size_t limit = kLongestText) {
  std::string result = printable(trim(text.substr(0, limit)));
  if (text.size() > limit) result += " ...";
  return result;
}

std::string place_of(const Json& failure) {
  const std::string file = answer_text(failure, "file");
  const std::string line = answer_text(failure, "line");
  if (file.empty()) return {};
  return line.empty() || line == "0" ? fmt::format(" ({})", file) : fmt::format(" ({}, line {})", file, line);
}

[[noreturn]] void throw_died(const Json& failure) {
  const std::string message = answer_text(failure, "message");
  const std::string reason = answer_text(failure, "reason");
  throw not_started(fmt::format("it says \"{}\"{}{}", message, reason.empty() ? "" : ": " + reason, place_of(failure)));
}

[[noreturn]] void throw_ended(const Json& failure) {
  const std::string redirect = answer_text(failure, "redirect");
  const std::string file = answer_text(failure, "file");
  if (redirect.find("/wp-admin/install.php") != std::string::npos) {
    throw not_started("it finds no installation in the database", "the table prefix in wp-config.php may be wrong");
  }
  throw not_started(
      redirect.empty()
          ? fmt::format("the site's code ended the run by itself; the last file it loaded is {}", file)
          : fmt::format("the site's code redirects to {} and ends; the last file it loaded is {}", redirect, file));
}

[[noreturn]] void throw_failure(const Json& failure) {
  const std::string kind = answer_text(failure, "failure");
  const std::string message = answer_text(failure, "message");
  if (kind == "fatal") throw not_started(fmt::format("PHP error: {}{}", message, place_of(failure)));
  if (kind == "wp_die") throw_died(failure);
  if (kind == "exit") throw_ended(failure);
  if (kind == "not_loaded") throw not_started("wp-config.php does not load wp-settings.php");
  if (kind == "no_config") throw not_started("there is no wp-config.php in htdocs or in the folder above");
  if (kind == "missing") {
    throw not_started(fmt::format("the site's user cannot read {}", answer_text(failure, "file")),
                      "the file is missing, or it or a folder above it is closed to that user");
  }
  throw not_started("the answer makes no sense");
}

[[noreturn]] void throw_unanswered(const Watched& run, const PhpLimits& limits) {
  if (run.end == WatchEnd::out_of_time) {
    throw not_started(fmt::format("the site's code did not end within {} seconds", limits.time.count()));
  }
  if (run.end == WatchEnd::too_much_output) {
    throw not_started(fmt::format("the site's code prints more than {}", human_size(limits.output_bytes)));
  }
  const std::string_view said = trim(run.err);
  const std::string_view last = said.substr(said.rfind('\n') + 1);
  throw not_started(fmt::format("PHP ended without an answer ({}){}{}", run.status.text(), last.empty() ? "" : ": ",
                                shown(last, 500)));
}

}  // namespace

Json wordpress_answer(const Watched& run, std::string_view token, const PhpLimits& limits) {
  const auto text = marked(run.out, token);
  if (!text) throw_unanswered(run, limits);
  const std::optional<Json> parsed = untrusted_json(*text);
  if (!parsed || !parsed->is_object()) throw not_started("the answer makes no sense");
  if (const auto answer = parsed->find("answer"); answer != parsed->end() && answer->is_object()) return *answer;
  throw_failure(*parsed);
}

std::string answer_text(const Json& answer, const char* key) {
  const auto found = answer.find(key);
  if (found == answer.end()) return {};
  if (found->is_string()) return shown(found->get_ref<const std::string&>());
  return found->is_number_integer() ? found->dump() : std::string{};
}

std::vector<std::string> answer_texts(const Json& answer, const char* key) {
  std::vector<std::string> texts;
  const auto found = answer.find(key);
  if (found == answer.end() || !found->is_array()) return texts;
  for (const Json& element : *found) {
    if (texts.size() == kMostTexts) break;
    if (element.is_string()) texts.push_back(shown(element.get_ref<const std::string&>()));
  }
  return texts;
}

}  // namespace wobackup
