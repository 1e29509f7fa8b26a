#include "base/json_text.h"

#include <array>
#include <cstddef>

namespace wobackup {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostKeys = 4096;

}  // namespace

// Counts brackets and colons outside of strings. Of what is not JSON it may accept anything: the parser looks next.
bool is_moderate_json(std::string_view text) {
  std::array<std::size_t, kDeepest + 1> keys{};
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    switch (c) {
      case '"':
        in_string = true;
        break;
      case '{':
      case '[':
        if (depth == kDeepest) return false;
        keys[++depth] = 0;
        break;
      case '}':
      case ']':
        if (depth > 0) --depth;
        break;
      case ':':
        if (++keys[depth] > kMostKeys) return false;
        break;
      default:
        break;
    }
  }
  return true;
}

std::optional<Json> untrusted_json(std::string_view text) {
  if (!is_moderate_json(text)) return std::nullopt;
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::optional<std::string> text_member(const Json& object, const std::string& name) {
  if (!object.is_object()) return std::nullopt;
  const auto place = object.find(name);
  if (place == object.end() || !place->is_string()) return std::nullopt;
  return place->get<std::string>();
}

}  // namespace wobackup
