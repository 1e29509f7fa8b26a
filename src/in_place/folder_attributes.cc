#include "in_place/folder_attributes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "base/system_error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 10U;

// The others are the system's and stay with the folder.
bool counts(std::string_view name) {
  return name.starts_with("user.") || name == "system.posix_acl_access" || name == "system.posix_acl_default";
}

std::vector<std::string> names_of(int fd) {
  std::string list(kMostBytes, '\0');
  const ssize_t size = ::flistxattr(fd, list.data(), list.size());
  std::vector<std::string> names;
  for (ssize_t at = 0; at < size;) {
    const std::string name = list.c_str() + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    if (counts(name)) names.push_back(name);
  }
  return names;
}

std::map<std::string, std::string> extended_of(int fd) {
  std::map<std::string, std::string> extended;
  std::size_t bytes = 0;
  for (const std::string& name : names_of(fd)) {
    std::string value(kMostBytes, '\0');
    const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0) continue;
    bytes += name.size() + static_cast<std::size_t>(size);
    if (bytes > kMostBytes) break;
    value.resize(static_cast<std::size_t>(size));
    extended.emplace(name, value);
  }
  return extended;
}

}  // namespace

FolderAttributes attributes_of(int folder_fd) {
  struct stat status {};
  if (::fstat(folder_fd, &status) != 0) throw system_error("cannot look at a folder", errno);
  FolderAttributes attributes;
  attributes.mode = status.st_mode & 07777U;
  attributes.uid = status.st_uid;
  attributes.gid = status.st_gid;
  attributes.seconds = status.st_mtim.tv_sec;
  attributes.nanoseconds = status.st_mtim.tv_nsec;
  attributes.extended = extended_of(folder_fd);
  return attributes;
}

void put_attributes(int folder_fd, const FolderAttributes& attributes) {
  const std::map<std::string, std::string> present = extended_of(folder_fd);
  for (const auto& [name, value] : present) {
    if (!attributes.extended.contains(name)) static_cast<void>(::fremovexattr(folder_fd, name.c_str()));
  }
  for (const auto& [name, value] : attributes.extended) {
    const auto place = present.find(name);
    if (place != present.end() && place->second == value) continue;
    if (::fsetxattr(folder_fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != ENOTSUP) {
      throw system_error("cannot set a folder's attributes", errno);
    }
  }
  struct stat status {};
  if (::fstat(folder_fd, &status) != 0) throw system_error("cannot look at a folder", errno);
  const bool owned = status.st_uid == attributes.uid && status.st_gid == attributes.gid;
  if (!owned && ::fchown(folder_fd, attributes.uid, attributes.gid) != 0) {
    throw system_error("cannot set a folder's owner", errno);
  }
  // After the ACL, whose mask is the mode's group, and after the owner, whose change clears bits.
  if (::fchmod(folder_fd, attributes.mode) != 0) throw system_error("cannot set a folder's mode", errno);
  const timespec times[2] = {{0, UTIME_OMIT}, {attributes.seconds, attributes.nanoseconds}};
  if (::futimens(folder_fd, times) != 0) throw system_error("cannot set a folder's time", errno);
}

}  // namespace wobackup
