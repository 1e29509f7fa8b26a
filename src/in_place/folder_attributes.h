// What a folder is besides its entries.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace wobackup {

/// Mode, owner, time of change, and the extended attributes that a site's users may have set, ACLs among them (as the
/// kernel gives them).
struct FolderAttributes {
  mode_t mode = 0755;
  uid_t uid = 0;
  gid_t gid = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  std::map<std::string, std::string> extended;
  friend bool operator==(const FolderAttributes&, const FolderAttributes&) = default;
};

/// Throw Error failed. The descriptor is that of a folder opened for reading. At most 64 KiB of extended attributes
/// count: there are no more in an honest one.
[[nodiscard]] FolderAttributes attributes_of(int folder_fd);
void put_attributes(int folder_fd, const FolderAttributes& attributes);

}  // namespace wobackup
