#include "in_place/file_swap.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

struct Place {
  UniqueFd folder;
  std::string name;
};

Place place_of(int root_fd, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return {UniqueFd(::openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC)), path};
  }
  return {open_beneath(root_fd, path.substr(0, slash), O_PATH | O_DIRECTORY), path.substr(slash + 1)};
}

std::optional<struct stat> status_of(int root_fd, const std::string& path) {
  const Place place = place_of(root_fd, path);
  struct stat status {};
  if (place.folder && ::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return status;
  }
  if (errno == ENOENT) return std::nullopt;
  throw system_error(fmt::format("cannot look at {}", printable(path)), errno);
}

std::optional<FileIdentity> identity_at(int root_fd, const std::string& path) {
  const auto status = status_of(root_fd, path);
  return status ? std::optional(identity_from(*status)) : std::nullopt;
}

std::string real_path_of(int fd) {
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  if (size < 0) throw system_error("cannot tell a folder's path", errno);
  path.resize(static_cast<std::size_t>(size));
  return path;
}

// As mountinfo writes a path: spaces and such as octal numbers.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool octal = text[i] == '\\' && i + 3 < text.size();
    if (octal) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A mount at the path or below it (proc(5), mountinfo: the fifth field).
std::optional<std::string> mount_within(const std::string& path) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream fields(line);
    std::string point;
    for (int i = 0; i < 5; ++i) fields >> point;
    point = unescaped(point);
    if (point == path || point.starts_with(path + "/")) return point;
  }
  return std::nullopt;
}

}  // namespace

std::vector<SwapStep> FileSwap::plan(const std::vector<std::string>& paths) const {
  std::vector<SwapStep> steps;
  const std::string site_path = real_path_of(site_fd_);
  for (const std::string& path : paths) {
    const auto staged = identity_at(stage_fd_, path);
    if (!staged) throw Error(ErrorKind::failed, fmt::format("{} was not staged", printable(path)));
    const auto live = status_of(site_fd_, path);
    if (live && S_ISLNK(live->st_mode) && path == "htdocs") {
      throw Error(ErrorKind::failed, "htdocs is a symbolic link", "restore into the folder it leads to, with --target");
    }
    if (live && S_ISDIR(live->st_mode)) {
      const auto mount = mount_within(fmt::format("{}/{}", site_path, path));
      if (mount) {
        throw Error(ErrorKind::failed,
                    fmt::format("{} is a mount, and cannot be exchanged by a rename", printable(*mount)),
                    "restore into it with --target");
      }
    }
    steps.push_back({path, *staged, live ? std::optional(identity_from(*live)) : std::nullopt});
  }
  return steps;
}

FileSwap::Side FileSwap::side_of(const SwapStep& step) const {
  const auto live = identity_at(site_fd_, step.path);
  const auto staged = identity_at(stage_fd_, step.path);
  if (staged == step.staged && live == step.live) return Side::before;
  if (live == step.staged && staged == step.live) return Side::after;
  return Side::neither;
}

void FileSwap::exchange(const SwapStep& step, bool forward) const {
  const Place live = place_of(site_fd_, step.path);
  const Place staged = place_of(stage_fd_, step.path);
  const Place& from = forward ? staged : live;
  const Place& to = forward ? live : staged;
  const unsigned flags = step.live ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  const UniqueFd above(::openat(live.folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat before {};
  const bool known = above && ::fstat(above.get(), &before) == 0;
  if (!live.folder || !staged.folder ||
      ::renameat2(from.folder.get(), from.name.c_str(), to.folder.get(), to.name.c_str(), flags) != 0) {
    throw system_error(fmt::format("cannot exchange {}", printable(step.path)), errno);
  }
  // The folder above looks as if nothing had happened in it: nothing else has. A time is worth no error.
  const timespec times[2] = {{0, UTIME_OMIT}, before.st_mtim};
  if (known) static_cast<void>(::futimens(above.get(), times));
}

void FileSwap::forward(const SwapStep& step) const {
  const Side side = side_of(step);
  if (side == Side::after) return;
  if (side == Side::neither) {
    throw Error(ErrorKind::failed, fmt::format("{} was changed by somebody else meanwhile", printable(step.path)));
  }
  exchange(step, true);
}

void FileSwap::back(const SwapStep& step) const {
  const Side side = side_of(step);
  if (side == Side::before) return;
  if (side == Side::neither) {
    throw Error(ErrorKind::failed, fmt::format("{} was changed by somebody else meanwhile", printable(step.path)));
  }
  exchange(step, false);
}

void FileSwap::sync() const {
  // Renames are metadata of the file system; folders opened for reading can be synced.
  for (const int fd : {site_fd_, stage_fd_}) {
    const UniqueFd folder(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) != 0) throw system_error("cannot sync the site's folder", errno);
  }
}

}  // namespace wobackup
