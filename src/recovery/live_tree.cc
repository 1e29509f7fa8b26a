#include "recovery/live_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/safe_path.h"
#include "recovery/live_htdocs.h"

namespace wobackup {

LiveTree::LiveTree(int site_fd, bool followed) : site_fd_(site_fd) {
  struct stat status {};
  const bool is_link = ::fstatat(site_fd, "htdocs", &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
  if (followed && is_link) htdocs_ = open_htdocs(site_fd);
}

UniqueFd LiveTree::open(const std::string& path, int flags) const {
  if (!htdocs_ || !is_in(path, "htdocs")) return open_beneath(site_fd_, path, flags);
  if (path == "htdocs") return UniqueFd(::openat(htdocs_.get(), ".", flags | O_CLOEXEC));
  return open_beneath(htdocs_.get(), path.substr(std::string_view("htdocs/").size()), flags);
}

std::vector<LiveTree::Mount> LiveTree::mounts() const {
  std::vector<Mount> found;
  const std::vector<MountPoint> all = mount_points();
  const auto add_below = [&](int folder_fd, const std::string& prefix) {
    const std::string folder = real_path_of(folder_fd);
    for (const MountPoint& mount : all) {
      if (mount.path.size() <= folder.size() || !is_in(mount.path, folder)) continue;
      found.push_back({prefix + mount.path.substr(folder == "/" ? 1 : folder.size() + 1), mount});
    }
  };
  add_below(site_fd_, "");
  if (htdocs_) add_below(htdocs_.get(), "htdocs/");
  return found;
}

}  // namespace wobackup
