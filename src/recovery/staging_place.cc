#include "recovery/staging_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"
#include "in_place/remove_tree.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// What happens while it lives leaves no trace in the folder's time, which the backup of tomorrow compares.
class KeepTime {
 public:
  explicit KeepTime(int fd) : fd_(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    known_ = fd_ && ::fstat(fd_.get(), &status_) == 0;
  }
  KeepTime(const KeepTime&) = delete;
  KeepTime& operator=(const KeepTime&) = delete;
  ~KeepTime() {
    const timespec times[2] = {{0, UTIME_OMIT}, status_.st_mtim};
    if (known_) static_cast<void>(::futimens(fd_.get(), times));
  }

 private:
  UniqueFd fd_;
  struct stat status_ {};
  bool known_ = false;
};

// Two names to see whether names can be exchanged.
constexpr const char* kOne = ".one";
constexpr const char* kOther = ".other";

// Network file systems and FAT cannot: that is better known before anything is staged.
void require_exchange(int stage_fd, const std::string& path) {
  const bool made = ::mkdirat(stage_fd, kOne, 0700) == 0 && ::mkdirat(stage_fd, kOther, 0700) == 0;
  const int made_error = errno;
  const bool exchanged = made && ::renameat2(stage_fd, kOne, stage_fd, kOther, RENAME_EXCHANGE) == 0;
  const int error_number = made ? errno : made_error;
  for (const char* name : {kOne, kOther}) ::unlinkat(stage_fd, name, AT_REMOVEDIR);
  if (exchanged) return;
  if (made && error_number == EINVAL) {
    throw Error(ErrorKind::failed, fmt::format("the file system of {} cannot exchange two names", printable(path)),
                "restore with --target");
  }
  throw system_error(fmt::format("cannot exchange names in {}", printable(path)), error_number);
}

}  // namespace

std::size_t place_of_entry(const std::vector<StagingPlace>& places, const std::string& path) {
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < places.size(); ++i) {
    const std::string& at = places[i].at;
    if (path.starts_with(at + "/") && at.size() > places[nearest].at.size()) nearest = i;
  }
  return nearest;
}

UniqueFd open_stage(int live_fd, const std::string& name) {
  return UniqueFd(::openat(live_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

UniqueFd make_stage(int live_fd, const std::string& name, const std::string& path) {
  const KeepTime keep_time(live_fd);
  if (::mkdirat(live_fd, name.c_str(), 0700) != 0) {
    throw system_error(fmt::format("cannot make a folder in {}", printable(path)), errno);
  }
  UniqueFd stage = open_stage(live_fd, name);
  struct stat status {};
  if (!stage || ::fstat(stage.get(), &status) != 0 || status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
    throw Error(ErrorKind::failed, fmt::format("somebody interferes with the restore's folder in {}", printable(path)));
  }
  // What is restored in it shall not inherit the live folder's ACL or group.
  for (const char* list : {"system.posix_acl_default", "system.posix_acl_access"}) {
    static_cast<void>(::fremovexattr(stage.get(), list));
  }
  if (::fchmod(stage.get(), 0700) != 0) throw system_error(fmt::format("cannot prepare {}", printable(path)), errno);
  require_exchange(stage.get(), path);
  return stage;
}

void make_folders(int stage_fd, const std::string& path) {
  UniqueFd here(::openat(stage_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    UniqueFd next = open_stage(here.get(), name);
    if (!next && errno == ENOENT) {
      const KeepTime keep_time(here.get());
      static_cast<void>(::mkdirat(here.get(), name.c_str(), 0755));
      next = open_stage(here.get(), name);
    }
    if (!next) throw system_error("cannot make a folder in the restore's folder", errno);
    here = std::move(next);
    begin = end + 1;
  }
}

void remove_empty_stage(int live_fd, const std::string& name) {
  const KeepTime keep_time(live_fd);
  const UniqueFd stage = open_stage(live_fd, name);
  struct stat status {};
  if (!stage || ::fstat(stage.get(), &status) != 0 || status.st_uid != ::geteuid()) return;
  for (const char* part : {kOne, kOther}) ::unlinkat(stage.get(), part, AT_REMOVEDIR);
  ::unlinkat(live_fd, name.c_str(), AT_REMOVEDIR);
}

void remove_stage(int live_fd, const std::string& name) {
  const KeepTime keep_time(live_fd);
  remove_tree(live_fd, name);
}

FileIdentity identity_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error("cannot look at a folder", errno);
  return identity_from(status);
}

std::vector<std::string> names_in(int folder_fd) {
  std::vector<std::string> names;
  const int listing_fd = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(listing_fd < 0 ? nullptr : ::fdopendir(listing_fd), ::closedir);
  if (!listing) throw system_error("cannot read a folder", errno);
  while (const dirent* item = ::readdir(listing.get())) {
    const std::string name = item->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace wobackup
