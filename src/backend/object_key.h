// Which keys objects may have. A key may come from a bucket's listing: it is anybody's text.
#pragma once

#include <cstddef>
#include <string_view>

namespace wobackup {

/// The longest key, a store's prefix not counted, and the longest prefix. S3 takes 1024 bytes of both together.
constexpr std::size_t kLongestKeyBytes = 700;
constexpr std::size_t kLongestPrefixBytes = 300;
/// The longest part of a key between two slashes; leaves room for the temporary names of local folders and SFTP.
constexpr std::size_t kLongestKeyPartBytes = 200;

/// Parts joined by '/', each of 1 to 200 bytes: UTF-8 without control characters and backslashes, not beginning with a
/// dot. So no key leads out of a folder, and hidden names are left to the backends.
[[nodiscard]] bool is_object_key(std::string_view key) noexcept;

/// Throws Error usage if it is none.
void require_object_key(std::string_view key);

}  // namespace wobackup
