#include "autoupdate/wp_json.h"

#include <algorithm>
#include <cstddef>

#include "base/json_text.h"

namespace wobackup {
namespace {

// What a plugin prints may begin thousands of lists and end none: looking for their ends has a limit.
constexpr std::size_t kMostSearchedBytes = std::size_t{64} << 20U;
constexpr std::size_t kMostElements = 5000;

std::size_t after_blanks(std::string_view text, std::size_t at) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", at);
  return next == std::string_view::npos ? text.size() : next;
}

// The list that begins at `begin`, as far as its brackets tell; empty if it has no end.
std::string_view bracketed(std::string_view text, std::size_t begin, std::size_t& searched) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = begin; at < text.size(); ++at, ++searched) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
      // JSON writes line ends within strings as \n: this is none, and the rest of the output is not its content.
      if (c == '\n') return {};
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && --depth == 0) return text.substr(begin, at - begin + 1);
  }
  return {};
}

bool fits(const Json& list, const std::vector<std::string_view>& keys) {
  return list.is_array() && list.size() <= kMostElements &&
         std::all_of(list.begin(), list.end(), [&](const Json& item) {
           return item.is_object() && std::all_of(keys.begin(), keys.end(), [&](std::string_view key) {
                    return item.contains(std::string(key));
                  });
         });
}

}  // namespace

std::optional<std::vector<Json>> wp_list(std::string_view out, const std::vector<std::string_view>& keys) {
  std::optional<std::vector<Json>> found;
  std::size_t searched = 0;
  for (std::size_t at = out.find('['); at != std::string_view::npos && searched < kMostSearchedBytes;
       at = out.find('[', at + 1)) {
    const std::size_t inner = after_blanks(out, at + 1);
    if (inner >= out.size() || (out[inner] != '{' && out[inner] != ']')) continue;
    const std::string_view text = bracketed(out, at, searched);
    if (text.empty()) continue;
    const std::optional<Json> list = untrusted_json(text);
    if (!list || !fits(*list, keys)) continue;
    if (!list->empty() || !found) found.emplace(list->begin(), list->end());
    at += text.size() - 1;
  }
  return found;
}

}  // namespace wobackup
