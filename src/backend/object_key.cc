#include "backend/object_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

bool is_part(std::string_view part) noexcept {
  return !part.empty() && part.size() <= kLongestKeyPartBytes && part.front() != '.';
}

// C0, DEL and C1 (0xC2 0x80..0x9F in UTF-8), and the backslash, which some servers take for a separator.
bool has_control(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F || byte == '\\') return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

bool is_object_key(std::string_view key) noexcept {
  if (key.size() > kLongestKeyBytes || !is_utf8(key) || has_control(key)) return false;
  while (true) {
    const std::size_t slash = key.find('/');
    if (!is_part(key.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    key.remove_prefix(slash + 1);
  }
}

void require_object_key(std::string_view key) {
  if (!is_object_key(key)) {
    throw Error(ErrorKind::usage, fmt::format("not the name of an object: {}", printable(key.substr(0, 200))));
  }
}

}  // namespace wobackup
