#include "in_place/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "in_place/mount_points.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostOpen = 100;

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

// A folder that is being emptied. Open ones are on a stack of our own: a hostile tree may be deeper than the program's.
struct Level {
  std::unique_ptr<DIR, CloseFolder> listing;
  std::string name;  // in the level above
};

// Which file system something belongs to. A folder that is bound somewhere keeps its device, but not its mount.
struct Border {
  dev_t device = 0;
  std::uint64_t mount = 0;
  friend bool operator==(const Border&, const Border&) = default;
};

Border border_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error("cannot look at a folder", errno);
  return {status.st_dev, mount_of(fd)};
}

Level opened(int folder_fd, const std::string& name, const Border& border) {
  UniqueFd fd(::openat(folder_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw system_error(fmt::format("cannot open {}", printable(name)), errno);
  if (border_of(fd.get()) != border) {
    throw Error(ErrorKind::failed, fmt::format("{} is another file system and is not removed", printable(name)),
                "unmount it, and remove the folder by hand");
  }
  return {std::unique_ptr<DIR, CloseFolder>(::fdopendir(fd.release())), name};
}

}  // namespace

void remove_tree(int folder_fd, const std::string& name) {
  unsigned moved = 0;        // since the top was last read
  unsigned moved_names = 0;  // ever
  struct stat status {};
  if (::fstatat(folder_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return;
    throw system_error(fmt::format("cannot look at {}", printable(name)), errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    if (::unlinkat(folder_fd, name.c_str(), 0) != 0) {
      throw system_error(fmt::format("cannot remove {}", printable(name)), errno);
    }
    return;
  }
  std::vector<Level> levels;
  const Border border = border_of(folder_fd);
  levels.push_back(opened(folder_fd, name, border));
  while (!levels.empty()) {
    const int here = ::dirfd(levels.back().listing.get());
    const dirent* item = ::readdir(levels.back().listing.get());
    if (item == nullptr) {
      const std::string done = levels.back().name;
      if (levels.size() == 1 && std::exchange(moved, 0) > 0) {
        ::rewinddir(levels.back().listing.get());
        continue;
      }
      levels.pop_back();
      const int above = levels.empty() ? folder_fd : ::dirfd(levels.back().listing.get());
      if (::unlinkat(above, done.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
        throw system_error(fmt::format("cannot remove {}", printable(done)), errno);
      }
      continue;
    }
    const std::string child = item->d_name;
    if (child == "." || child == "..") continue;
    if (::unlinkat(here, child.c_str(), 0) == 0) continue;
    if (errno != EISDIR && errno != EPERM) {
      throw system_error(fmt::format("cannot remove {}", printable(child)), errno);
    }
    if (levels.size() < kMostOpen) {
      levels.push_back(opened(here, child, border));
      continue;
    }
    // Descriptors are few, and a hostile tree may be deeper: what is below is moved up, and its turn comes again.
    const int top = ::dirfd(levels.front().listing.get());
    if (::renameat(here, child.c_str(), top, fmt::format(".wobackup-moved-{}", ++moved_names).c_str()) != 0) {
      throw system_error(fmt::format("cannot move {}", printable(child)), errno);
    }
    ++moved;
  }
}

}  // namespace wobackup
