// The names of checks, as settings and the command line have them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "base/text.h"
#include "wobackup/guard.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestPath = 2000;
constexpr const char* kForms = "http, http:/page, wp, php-log, php-log:/file, command:/program";

Error wrong(std::string_view text, const std::string& why) {
  return {ErrorKind::usage, fmt::format("\"{}\" is no check: {}", printable(text.substr(0, 100)), why),
          fmt::format("the forms are {}", kForms)};
}

// What may stand in a request's first line; a '#' would cut it.
bool is_page(std::string_view path) {
  return path.size() <= kLongestPath &&
         std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
}

}  // namespace

std::string text_of(const GuardCheck& check) {
  return std::visit(
      [](const auto& known) -> std::string {
        using Check = std::decay_t<decltype(known)>;
        if constexpr (std::is_same_v<Check, HttpCheck>) {
          return known.path == "/" ? "http" : "http:" + known.path;
        } else if constexpr (std::is_same_v<Check, WordPressCheck>) {
          return "wp";
        } else if constexpr (std::is_same_v<Check, PhpLogCheck>) {
          return known.file ? "php-log:" + known.file->string() : "php-log";
        } else {
          return "command:" + known.program.string();
        }
      },
      check);
}

GuardCheck guard_check_from(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const bool has_path = colon != std::string_view::npos;
  const std::string path(has_path ? text.substr(colon + 1) : std::string_view{});
  if (has_path && !path.starts_with('/')) throw wrong(text, "behind the colon stands no absolute path");
  if (path.find('\0') != std::string::npos) throw wrong(text, "it holds a NUL");
  if (word == "http") {
    if (!is_page(path)) throw wrong(text, "that is no page's path (write spaces and other characters as %20)");
    return has_path ? HttpCheck{path} : HttpCheck{};
  }
  if (word == "wp" && !has_path) return WordPressCheck{};
  if (word == "php-log") return has_path ? PhpLogCheck{path} : PhpLogCheck{};
  if (word == "command" && has_path) return CommandCheck{.program = path};
  throw wrong(text, "it has no known form");
}

std::string_view name_of(CheckState state) noexcept {
  switch (state) {
    case CheckState::passed:
      return "passed";
    case CheckState::failed:
      return "failed";
    case CheckState::broken_before:
      return "broken-before";
    case CheckState::not_asked:
      return "not-asked";
  }
  return "";
}

}  // namespace wobackup
