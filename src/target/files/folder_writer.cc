#include "target/files/folder_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"
#include "target/files/extended_attributes.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::int64_t kLookEveryBytes = std::int64_t{64} << 20U;
constexpr std::uint64_t kLeastOfAFile = 4096;  // its block, or its place in a folder
constexpr std::uint64_t kMostAttributeBytes = std::uint64_t{32} << 20U;

std::array<timespec, 2> times_of(const Entry& entry) {
  return {timespec{0, UTIME_OMIT},
          timespec{static_cast<time_t>(entry.mtime.seconds), static_cast<long>(entry.mtime.nanoseconds)}};
}

[[noreturn]] void failed(const char* what, const Entry& entry, int error_number) {
  throw system_error(fmt::format("{} {}", what, printable(entry.path)), error_number);
}

[[noreturn]] void in_the_way(const Entry& entry) { throw InTheWay(entry.path, "a folder is in the way"); }

}  // namespace

FolderWriter::FolderWriter(int fd, FolderOptions options, Note note)
    : folder_(fd, options.remember_made),
      options_(options),
      note_(std::move(note)),
      privileged_(::geteuid() == 0),
      owners_(options.numeric_owner) {}

// Counts what is written, since nobody knows beforehand how much a stranger's archive holds. The nearer the limit, the
// oftener it looks.
void FolderWriter::take_room(std::uint64_t bytes, const std::string& path) {
  if (room_.fetch_sub(static_cast<std::int64_t>(bytes)) >= static_cast<std::int64_t>(bytes)) return;
  struct statvfs space {};
  if (::fstatvfs(folder_.fd(), &space) != 0) return;
  const std::uint64_t free = space.f_bavail * space.f_frsize;
  if (free < bytes || free - bytes < options_.min_free_bytes) {
    throw Error(ErrorKind::no_space,
                fmt::format("{}: the target's file system is nearly full: {} are free, and {} shall stay free",
                            printable(path), human_size(free), human_size(options_.min_free_bytes)),
                "free space, restore elsewhere with --target, or set min_free");
  }
  room_ =
      static_cast<std::int64_t>(std::min<std::uint64_t>(kLookEveryBytes, (free - bytes - options_.min_free_bytes) / 2));
}

FilePlace FolderWriter::place_of(const Entry& entry) {
  auto [parent, name] = parent_and_name(entry.path);
  return {folder_.open(parent), std::move(name), false};
}

FolderWriter::Taken FolderWriter::look(const FilePlace& place, const Entry& entry) {
  struct stat status {};
  if (::fstatat(place.folder->get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Taken::free;
    failed("cannot look at", entry, errno);
  }
  if (options_.overwrite == Overwrite::never) return Taken::keep;
  if (options_.overwrite == Overwrite::if_newer) {
    const auto there = std::pair(std::int64_t{status.st_mtim.tv_sec}, std::uint32_t(status.st_mtim.tv_nsec));
    if (there >= std::pair(entry.mtime.seconds, entry.mtime.nanoseconds)) return Taken::keep;
  }
  if (S_ISDIR(status.st_mode)) in_the_way(entry);
  return Taken::replace;
}

std::unique_ptr<FileReceiver> FolderWriter::file(const Entry& entry, bool proven) {
  take_room(kLeastOfAFile, entry.path);
  FilePlace place = place_of(entry);
  const auto settle = [this, entry](int fd) {
    put_metadata(fd, entry);
    ++files_;
    bytes_ += entry.size;
  };
  const auto take = [this, path = entry.path](std::uint64_t bytes) { take_room(bytes, path); };
  if (proven) {
    // The usual case in one step: nothing is there.
    auto file = std::make_unique<PlacedFile>(place, entry, true, settle, take);
    if (file->opened()) return file;
  }
  const Taken taken = look(place, entry);
  if (taken == Taken::keep) {
    ++skipped_;
    return nullptr;
  }
  place.replace = taken == Taken::replace;
  return std::make_unique<PlacedFile>(std::move(place), entry, proven, settle, take);
}

// A stranger's archive could make anybody's program of any file. On a folder, setgid only hands down its group.
mode_t FolderWriter::mode_of(const Entry& entry) const {
  if (options_.trusted) return entry.mode;
  if (entry.type == EntryType::directory) return entry.mode & ~mode_t{S_ISUID};
  return entry.mode & ~mode_t{S_ISUID | S_ISGID};
}

// The owner first: changing it clears setuid bits and capabilities.
void FolderWriter::put_metadata(int fd, const Entry& entry) {
  const mode_t mode = mode_of(entry);
  if (mode != entry.mode) {
    note_(entry.path, "its setuid or setgid bit was left out: the archive is not known to be ours", false);
  }
  if (privileged_ && ::fchown(fd, owners_.user(entry), owners_.group(entry)) != 0) {
    failed("cannot set the owner of", entry, errno);
  }
  if (has_attributes(entry)) {
    std::string problem = put_attributes(fd, entry, privileged_ && options_.trusted);
    if (!problem.empty()) note_(entry.path, std::move(problem), false);
  }
  if (::fchmod(fd, mode) != 0) failed("cannot set the mode of", entry, errno);
  if (::futimens(fd, times_of(entry).data()) != 0) failed("cannot set the time of", entry, errno);
}

void FolderWriter::other(const Entry& entry) {
  switch (entry.type) {
    case EntryType::directory:
      return make_folder(entry);
    case EntryType::symlink:
    case EntryType::fifo:
      return make_special(entry);
    case EntryType::character_device:
    case EntryType::block_device:
      return note_(entry.path, "is a device node, which a website does not need; it was not made", true);
    case EntryType::hardlink:
      ++links_;
      return;
    case EntryType::file:
      return;
  }
}

void FolderWriter::make_folder(const Entry& entry) {
  static_cast<void>(folder_.open(entry.path));
  if (!has_attributes(entry)) return;
  const std::scoped_lock lock(mutex_);
  attribute_bytes_ += sizeof(Entry) + entry.path.size() + entry.acl_access.size() + entry.acl_default.size();
  for (const Xattr& xattr : entry.xattrs) attribute_bytes_ += xattr.name.size() + xattr.value.size();
  if (attribute_bytes_ > kMostAttributeBytes) {
    throw Error(ErrorKind::verification, "the folders of the archive have more attributes than any site's");
  }
  attributes_.emplace(entry.path, entry);
}

// Whoever owns the folder may exchange the name at any time, so only what is held open is changed, and only if it is
// what was made just now: no name of another file, and nobody else's.
void FolderWriter::put_special_metadata(int folder, const std::string& name, const Entry& entry) {
  const bool link = entry.type == EntryType::symlink;
  const UniqueFd made(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!made) failed("cannot look at", entry, errno);
  struct stat status {};
  if (::fstat(made.get(), &status) != 0) failed("cannot look at", entry, errno);
  if ((status.st_mode & S_IFMT) != (link ? S_IFLNK : S_IFIFO) || status.st_nlink != 1 || status.st_uid != ::geteuid()) {
    throw Error(ErrorKind::failed, fmt::format("{}: somebody exchanged it while it was made", printable(entry.path)),
                "restore into a folder that only you can write to");
  }
  if (privileged_ &&
      ::fchownat(made.get(), "", owners_.user(entry), owners_.group(entry), AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) {
    failed("cannot set the owner of", entry, errno);
  }
  if (link) {  // has no mode, and older kernels set its times by name only
    if (::utimensat(folder, name.c_str(), times_of(entry).data(), AT_SYMLINK_NOFOLLOW) == 0) return;
    failed("cannot set the time of", entry, errno);
  }
  const std::string path = "/proc/self/fd/" + std::to_string(made.get());
  if (::chmod(path.c_str(), entry.mode & 0777U) != 0) failed("cannot set the mode of", entry, errno);
  if (::utimensat(AT_FDCWD, path.c_str(), times_of(entry).data(), 0) != 0)
    failed("cannot set the time of", entry, errno);
}

void FolderWriter::make_special(const Entry& entry) {
  const FilePlace place = place_of(entry);
  const int folder = place.folder->get();
  const Taken taken = look(place, entry);
  if (taken == Taken::keep) {
    ++skipped_;
    return;
  }
  // Beside its name, so that it appears complete.
  const std::string name = taken == Taken::free ? place.name : temporary_name();
  const bool link = entry.type == EntryType::symlink;
  if ((link ? ::symlinkat(entry.link.c_str(), folder, name.c_str()) : ::mkfifoat(folder, name.c_str(), 0600)) != 0) {
    failed("cannot make", entry, errno);
  }
  put_special_metadata(folder, name, entry);
  if (taken == Taken::replace && ::renameat(folder, name.c_str(), folder, place.name.c_str()) != 0) {
    failed("cannot place", entry, errno);
  }
}

void FolderWriter::settle(const Entry& folder) {
  const UniqueFd fd = folder_.open_existing(folder.path, O_RDONLY | O_DIRECTORY);
  if (!fd && errno == ENOENT) return;  // damaged, and told of already
  if (!fd) failed("cannot open", folder, errno);
  const auto known = attributes_.find(folder.path);
  if (known == attributes_.end()) return put_metadata(fd.get(), folder);
  Entry complete = folder;
  complete.xattrs = known->second.xattrs;
  complete.acl_access = known->second.acl_access;
  complete.acl_default = known->second.acl_default;
  put_metadata(fd.get(), complete);
}

void FolderWriter::link(const Entry& entry) {
  FilePlace place = place_of(entry);
  const Taken taken = look(place, entry);
  if (taken == Taken::keep) {
    ++skipped_;
    return;
  }
  const UniqueFd first = folder_.open_existing(entry.link, O_PATH);
  struct stat status {};
  if (!first || ::fstat(first.get(), &status) != 0 || S_ISDIR(status.st_mode)) {
    return note_(entry.path, fmt::format("its other name {} was not restored", printable(entry.link)), true);
  }
  const std::string source = "/proc/self/fd/" + std::to_string(first.get());
  const int folder = place.folder->get();
  const std::string name = taken == Taken::free ? place.name : temporary_name();
  // A symbolic link's own hard link cannot be made through its descriptor's path, which would follow it.
  const bool is_link = S_ISLNK(status.st_mode);
  if (is_link || ::linkat(AT_FDCWD, source.c_str(), folder, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    auto [parent, first_name] = parent_and_name(entry.link);
    const auto first_folder = folder_.open(parent);
    if (::linkat(first_folder->get(), first_name.c_str(), folder, name.c_str(), 0) != 0) {
      failed("cannot link", entry, errno);
    }
  }
  if (taken == Taken::replace && ::renameat(folder, name.c_str(), folder, place.name.c_str()) != 0) {
    failed("cannot place", entry, errno);
  }
}

}  // namespace wobackup
