#include "in_place/file_swap.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

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

std::optional<FileIdentity> identity_at(int root_fd, const std::string& path) {
  const Place place = place_of(root_fd, path);
  struct stat status {};
  if (place.folder && ::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return identity_from(status);
  }
  if (errno == ENOENT) return std::nullopt;
  throw system_error(fmt::format("cannot look at {}", printable(path)), errno);
}

UniqueFd folder_in(int root_fd, const std::string& path) {
  if (path.empty()) return UniqueFd(::openat(root_fd, ".", kFolderFlags));
  return open_beneath(root_fd, path, kFolderFlags);
}

[[noreturn]] void throw_changed(const std::string& path) {
  throw Error(ErrorKind::failed, fmt::format("{} was changed by somebody else meanwhile", printable(path)));
}

}  // namespace

std::string FileSwap::in_live(const std::string& path) const {
  if (at_.empty()) return path;
  return path.size() > at_.size() ? path.substr(at_.size() + 1) : std::string();
}

SwapStep FileSwap::step_of(const std::string& path) const {
  return {.path = path, .staged = identity_at(stage_fd_, path), .live = identity_at(live_fd_, in_live(path))};
}

std::optional<FileIdentity> FileSwap::live_at(const std::string& path) const {
  return identity_at(live_fd_, in_live(path));
}

std::vector<SwapStep> FileSwap::plan(const std::vector<std::string>& paths) const {
  std::vector<SwapStep> steps;
  for (const std::string& path : paths) {
    steps.push_back(step_of(path));
    if (!steps.back().staged) throw Error(ErrorKind::failed, fmt::format("{} was not staged", printable(path)));
  }
  return steps;
}

FileSwap::Side FileSwap::side_of(const SwapStep& step) const {
  const SwapStep now = step_of(step.path);
  if (now.staged == step.staged && now.live == step.live) return Side::before;
  if (now.live == step.staged && now.staged == step.live) return Side::after;
  return Side::neither;
}

void FileSwap::exchange(const SwapStep& step, bool forward) const {
  const Place live = place_of(live_fd_, in_live(step.path));
  const Place staged = place_of(stage_fd_, step.path);
  const bool both = step.staged && step.live;
  const bool from_stage = forward == step.staged.has_value();  // where the only one is
  const Place& from = from_stage ? staged : live;
  const Place& to = from_stage ? live : staged;
  const UniqueFd above(::openat(live.folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat before {};
  const bool known = above && ::fstat(above.get(), &before) == 0;
  if (!live.folder || !staged.folder ||
      ::renameat2(from.folder.get(), from.name.c_str(), to.folder.get(), to.name.c_str(),
                  both ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0) {
    throw system_error(fmt::format("cannot exchange {}", printable(step.path)), errno);
  }
  // The folder above looks as if nothing had happened in it: nothing else has. A time is worth no error.
  const timespec times[2] = {{0, UTIME_OMIT}, before.st_mtim};
  if (known) static_cast<void>(::futimens(above.get(), times));
}

void FileSwap::forward(const SwapStep& step) const {
  const Side side = side_of(step);
  if (side == Side::neither) throw_changed(step.path);
  if (side == Side::before) exchange(step, true);
}

void FileSwap::back(const SwapStep& step) const {
  const Side side = side_of(step);
  if (side == Side::neither) throw_changed(step.path);
  if (side == Side::after) exchange(step, false);
}

void FileSwap::exchange_attributes(const StayingFolder& folder, bool forward) const {
  const UniqueFd live = open_live(folder.path);
  struct stat status {};
  if (!live || ::fstat(live.get(), &status) != 0 || identity_from(status) != folder.live) throw_changed(folder.path);
  put_attributes(live.get(), forward ? folder.after : folder.before);
  const UniqueFd staged = open_staged(folder.path);
  if (!staged) throw system_error(fmt::format("cannot open {} in the stage", printable(folder.path)), errno);
  put_attributes(staged.get(), forward ? folder.before : folder.after);
}

UniqueFd FileSwap::open_live(const std::string& path) const { return folder_in(live_fd_, in_live(path)); }

UniqueFd FileSwap::open_staged(const std::string& path) const { return folder_in(stage_fd_, path); }

void FileSwap::sync() const {
  // Renames are metadata of the file system; folders opened for reading can be synced.
  for (const int fd : {live_fd_, stage_fd_}) {
    const UniqueFd folder(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) != 0) throw system_error("cannot sync the site's folder", errno);
  }
}

}  // namespace wobackup
