// Which file something is, whatever its name.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace wobackup {

/// Two names with the same identity are the same file, as long as it exists.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

[[nodiscard]] inline FileIdentity identity_from(const struct stat& status) noexcept {
  return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

}  // namespace wobackup
