#include "base/publish_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/system_error.h"

namespace wobackup {

bool publish_file(int directory_fd, int fd, const std::string& temporary, const std::string& final_name,
                  const std::string& directory) {
  const auto cannot_publish = [&](int error_number) {
    return system_error(fmt::format("cannot publish {}/{}", directory, final_name), error_number);
  };
  // The link is made from the open file, not from its name: in a folder that site users can write to, the name may
  // have become somebody else's file.
  const std::string opened = fmt::format("/proc/self/fd/{}", fd);
  if (::linkat(AT_FDCWD, opened.c_str(), directory_fd, final_name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    ::unlinkat(directory_fd, temporary.c_str(), 0);
  } else if (errno == EEXIST) {
    return false;
  } else if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EXDEV || errno == ENOENT) {
    // A file system without hard links (some network and FUSE ones).
    if (::syscall(SYS_renameat2, directory_fd, temporary.c_str(), directory_fd, final_name.c_str(), RENAME_NOREPLACE) !=
        0) {
      if (errno == EEXIST) return false;
      throw cannot_publish(errno);
    }
  } else {
    throw cannot_publish(errno);
  }
  if (::fsync(directory_fd) != 0 && errno != EINVAL) throw cannot_publish(errno);
  return true;
}

}  // namespace wobackup
