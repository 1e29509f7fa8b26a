#include "source/database/sqlite_copy_identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr gid_t kNoGroup = 65534;

FileOwner owner_of(const struct stat& status) {
  // A site's file in root's group must not lend the rights of that group.
  return {status.st_uid, status.st_gid == 0 ? kNoGroup : status.st_gid};
}

// The C library's setgroups changes all threads of the process; the kernel's only this one.
bool set_thread_groups(const std::vector<gid_t>& groups) noexcept {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

}  // namespace

FileOwner owner_of_database(int site_fd, const std::string& path) {
  bool others_write = false;
  // The file, then its folders upwards, last the site's.
  for (std::string_view here = path;;) {
    struct stat status {};
    const UniqueFd fd = here.empty() ? UniqueFd() : open_beneath(site_fd, here, O_PATH);
    if ((!here.empty() && !fd) || ::fstat(here.empty() ? site_fd : fd.get(), &status) != 0) {
      throw Error(ErrorKind::dump,
                  fmt::format("cannot open the SQLite database {}: {}", printable(path), errno_text(errno)));
    }
    if (status.st_uid != 0) return owner_of(status);
    others_write = others_write || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (here.empty()) break;
    const std::size_t slash = here.rfind('/');
    here = slash == std::string_view::npos ? std::string_view() : here.substr(0, slash);
  }
  if (others_write && ::geteuid() == 0) {
    throw Error(ErrorKind::dump,
                fmt::format("cannot open the SQLite database {}: it is root's, but others can write to it or beside it",
                            printable(path)),
                "give the file and its folder to the site's user (chown)");
  }
  return {0, 0};
}

FileSystemIdentity::FileSystemIdentity(const FileOwner& owner) {
  if (::geteuid() != 0 || owner.uid == 0) return;
  own_gid_ = ::getegid();
  const int count = ::getgroups(0, nullptr);
  own_groups_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (!own_groups_.empty() && ::getgroups(count, own_groups_.data()) != count) {
    throw Error(ErrorKind::dump, "cannot read the groups of this process");
  }
  changed_ = true;
  const bool groups_set = set_thread_groups({});
  ::setfsgid(owner.gid);
  ::setfsuid(owner.uid);
  // These two return the earlier value, whether they worked or not; an impossible one only asks.
  constexpr auto kAsk = static_cast<uid_t>(-1);
  if (!groups_set || static_cast<gid_t>(::setfsgid(kAsk)) != owner.gid ||
      static_cast<uid_t>(::setfsuid(kAsk)) != owner.uid) {
    put_back();
    throw Error(ErrorKind::dump, fmt::format("cannot take the identity of user {} to read its database", owner.uid),
                "the process needs CAP_SETUID and CAP_SETGID");
  }
}

FileSystemIdentity::~FileSystemIdentity() {
  if (changed_) put_back();
}

void FileSystemIdentity::put_back() noexcept {
  ::setfsuid(::geteuid());
  ::setfsgid(own_gid_);
  set_thread_groups(own_groups_);
}

}  // namespace wobackup
