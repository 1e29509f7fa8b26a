#include "in_place/mount_points.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string_view>

#include "base/system_error.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// As mountinfo writes a path: spaces and such as octal numbers.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string joined(const std::string& folder, std::string_view below) {
  if (below.empty()) return folder;
  return (folder == "/" ? std::string() : folder) + std::string(below);
}

}  // namespace

std::vector<MountPoint> mount_points() {
  std::ifstream file("/proc/self/mountinfo");
  if (!file) throw Error(ErrorKind::failed, "cannot read /proc/self/mountinfo", "is /proc mounted?");
  std::vector<MountPoint> mounts;
  std::string line;
  while (std::getline(file, line)) {  // proc(5): number, parent, device, root, path
    std::istringstream fields(line);
    std::string number, parent;
    MountPoint mount;
    fields >> number >> parent >> mount.device >> mount.root >> mount.path;
    mount.root = unescaped(mount.root);
    mount.path = unescaped(mount.path);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::optional<PlaceInFileSystem> place_in_file_system(const std::string& real_path,
                                                      const std::vector<MountPoint>& mounts) {
  const MountPoint* nearest = nullptr;
  for (const MountPoint& mount : mounts) {
    if (!is_in(real_path, mount.path)) continue;
    if (nearest == nullptr || mount.path.size() >= nearest->path.size()) nearest = &mount;
  }
  if (nearest == nullptr) return std::nullopt;
  std::string_view below(real_path);
  below.remove_prefix(nearest->path == "/" ? 0 : nearest->path.size());
  return PlaceInFileSystem{nearest->device, joined(nearest->root, below)};
}

std::uint64_t mount_of(int fd) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) throw system_error("cannot look at a folder", errno);
  if ((status.stx_mask & STATX_MNT_ID) != 0) return status.stx_mnt_id;
  return ::makedev(status.stx_dev_major, status.stx_dev_minor);
}

std::optional<bool> is_mount_root(int fd) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH, 0, &status) != 0) throw system_error("cannot look at a folder", errno);
  if ((status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0) return std::nullopt;
  return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

std::string real_path_of(int fd) {
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path.data(), path.size());
  if (size < 0) throw system_error("cannot tell a folder's path", errno);
  path.resize(static_cast<std::size_t>(size));
  return path;
}

bool is_in(const std::string& path, const std::string& folder) {
  if (folder.empty() || folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace wobackup
