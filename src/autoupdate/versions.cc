#include "autoupdate/versions.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace wobackup {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

struct Version {
  std::vector<std::uint64_t> numbers;
  bool has_word = false;

  [[nodiscard]] std::uint64_t number(std::size_t i) const { return i < numbers.size() ? numbers[i] : 0; }
};

// The numbers with dots between them at its beginning.
Version version_from(std::string_view text) {
  Version version;
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) {
    std::uint64_t number = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      number = std::min<std::uint64_t>(number, UINT64_MAX / 100) * 10 + static_cast<std::uint64_t>(text[at] - '0');
    }
    version.numbers.push_back(number);
    if (at + 1 >= text.size() || text[at] != '.' || !is_digit(text[at + 1])) break;
    ++at;
  }
  version.has_word = at < text.size();
  return version;
}

}  // namespace

bool is_later_version(std::string_view a, std::string_view b) {
  const Version left = version_from(a), right = version_from(b);
  for (std::size_t i = 0; i < std::max(left.numbers.size(), right.numbers.size()); ++i) {
    if (left.number(i) != right.number(i)) return left.number(i) > right.number(i);
  }
  return !left.has_word && right.has_word;
}

bool same_numbers(std::string_view a, std::string_view b, std::size_t count) {
  const Version left = version_from(a), right = version_from(b);
  for (std::size_t i = 0; i < count; ++i) {
    if (left.number(i) != right.number(i)) return false;
  }
  return true;
}

}  // namespace wobackup
