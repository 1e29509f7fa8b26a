// Comparing version numbers as they come: 6.4.3, 2.0-beta1, 20240102.
#pragma once

#include <cstddef>
#include <string_view>

namespace wobackup {

/// Whether `a` is the later one: its numbers are compared one after the other, and a version with a word behind its
/// numbers (6.5-beta2) comes before the one without.
[[nodiscard]] bool is_later_version(std::string_view a, std::string_view b);

/// Whether the first `count` numbers of both are the same; missing ones are 0.
[[nodiscard]] bool same_numbers(std::string_view a, std::string_view b, std::size_t count);

}  // namespace wobackup
