#include "base/safe_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <deque>

#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

// Component by component; for kernels and sandboxes without openat2, and as the definition of what it must do.
UniqueFd open_by_components(int root_fd, std::string_view relative, int flags) {
  UniqueFd current;
  while (true) {
    const std::size_t slash = relative.find('/');
    const std::string name(relative.substr(0, slash));
    const bool last = slash == std::string_view::npos;
    if (name.empty() || name == "..") {
      errno = ENOENT;
      return UniqueFd();
    }
    const int from = current ? current.get() : root_fd;
    UniqueFd next(::openat(from, name.c_str(), last ? flags : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) {
      if (!last && errno == ENOTDIR) errno = ELOOP;
      return UniqueFd();
    }
    if (last) return next;
    current = std::move(next);
    relative.remove_prefix(slash + 1);
  }
}

UniqueFd open_in_one_step(int root_fd, const std::string& relative, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root_fd, relative.c_str(), &how, sizeof how)));
}

bool ours(uid_t uid) noexcept { return uid == 0 || uid == ::geteuid(); }

// Whether a link in this directory can only come from root or from us.
bool link_is_trusted(int directory_fd, const struct stat& link) {
  struct stat directory {};
  if (::fstat(directory_fd, &directory) != 0) return false;
  const bool others_write = (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!others_write) return ours(directory.st_uid);
  return (directory.st_mode & S_ISVTX) != 0 && ours(directory.st_uid) && ours(link.st_uid);
}

std::deque<std::string> components_of(const std::filesystem::path& path) {
  std::deque<std::string> parts;
  for (const auto& part : path.relative_path()) {
    if (!part.empty() && part != ".") parts.push_back(part.string());
  }
  return parts;
}

std::string link_target(int directory_fd, const std::string& name, const std::filesystem::path& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(directory_fd, name.c_str(), target.data(), target.size());
  if (size < 0) throw system_error(fmt::format("cannot open {}", path.string()), errno);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

[[noreturn]] void refuse_link(const std::string& name, const std::filesystem::path& path) {
  throw Error(ErrorKind::failed,
              fmt::format("{}: \"{}\" on the way is a symbolic link that another user could have put there",
                          printable(path.string()), printable(name)),
              "name the real folder instead, for example with --path or backup_root");
}

}  // namespace

UniqueFd open_beneath(int root_fd, std::string_view relative, int flags) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  static std::atomic<bool> has_openat2{true};  // a fact of the kernel, not state of the program
  if (relative.empty() || relative.front() == '/') {
    errno = ENOENT;
    return UniqueFd();
  }
  if (relative.size() < PATH_MAX && has_openat2.load(std::memory_order_relaxed)) {
    // The kernel asks for a retry when something moved meanwhile.
    for (int attempt = 0; attempt < 16; ++attempt) {
      UniqueFd fd = open_in_one_step(root_fd, std::string(relative), flags);
      if (fd || (errno != EAGAIN && errno != ENOSYS && errno != EPERM && errno != EXDEV)) return fd;
      if (errno == EXDEV) {
        errno = ENOENT;
        return UniqueFd();
      }
      if (errno == ENOSYS) {
        has_openat2.store(false, std::memory_order_relaxed);
        break;
      }
      if (errno == EPERM) break;  // O_NOATIME on another's file, or a sandbox: the other way tells which
    }
  }
  return open_by_components(root_fd, relative, flags);
}

UniqueFd open_trusted_directory(const std::filesystem::path& path, bool create) {
  if (!path.is_absolute()) {
    throw Error(ErrorKind::usage, fmt::format("{} is not an absolute path", printable(path.string())));
  }
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  std::deque<std::string> todo = components_of(path);
  std::vector<UniqueFd> way;  // from / to here, for ".."
  way.emplace_back(::open("/", kFlags));
  std::size_t links_followed = 0;
  while (!todo.empty()) {
    const std::string name = std::move(todo.front());
    todo.pop_front();
    if (name == "..") {
      if (way.size() > 1) way.pop_back();
      continue;
    }
    const int here = way.back().get();
    struct stat status {};
    if (::fstatat(here, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      const int error_number = errno;
      if (error_number == ENOENT && create) {
        if (::mkdirat(here, name.c_str(), 0700) != 0 && errno != EEXIST) {
          throw system_error(fmt::format("cannot make the folder {}", path.string()), errno);
        }
      } else if (error_number == ENOENT) {
        throw Error(ErrorKind::not_found, fmt::format("no such folder: {}", printable(path.string())));
      } else {
        throw system_error(fmt::format("cannot open {}", printable(path.string())), error_number);
      }
    } else if (S_ISLNK(status.st_mode)) {
      if (!link_is_trusted(here, status)) refuse_link(name, path);
      if (++links_followed > 40) throw system_error(fmt::format("cannot open {}", path.string()), ELOOP);
      const std::filesystem::path target = link_target(here, name, path);
      if (target.is_absolute()) way.resize(1);
      std::deque<std::string> parts = components_of(target);
      todo.insert(todo.begin(), parts.begin(), parts.end());
      continue;
    }
    UniqueFd next(::openat(here, name.c_str(), kFlags));
    if (!next) throw system_error(fmt::format("cannot open {}", printable(path.string())), errno);
    way.push_back(std::move(next));
  }
  return std::move(way.back());
}

std::filesystem::path trusted_link_target(int directory_fd, const std::string& name,
                                          const std::filesystem::path& path) {
  struct stat status {};
  if (::fstatat(directory_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    throw system_error(fmt::format("cannot open {}", printable(path.string())), errno);
  }
  if (!S_ISLNK(status.st_mode) || !link_is_trusted(directory_fd, status)) refuse_link(name, path);
  return link_target(directory_fd, name, path);
}

}  // namespace wobackup
