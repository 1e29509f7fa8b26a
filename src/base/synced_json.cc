#include "base/synced_json.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

void sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw system_error(fmt::format("cannot sync {}", folder.string()), errno);
}

// Which file is there, and when it was written.
using FileVersion = std::array<std::uint64_t, 4>;

FileVersion version_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_mtim.tv_sec),
          static_cast<std::uint64_t>(status.st_mtim.tv_nsec)};
}

constexpr std::size_t kStepBytes = std::size_t{64} << 10U;
constexpr std::size_t kGrowthBytes = std::size_t{16} << 10U;  // by which a journal may grow without new room

std::filesystem::path reserve_of(const std::filesystem::path& path) {
  return path.parent_path() / ("." + path.filename().string() + ".reserve");
}

// Takes room for so many bytes, of which `least` are needed. What a file has already costs nothing; where the file
// system cannot tell in advance, writing will.
void take_room(int fd, std::size_t bytes, std::size_t least, const std::filesystem::path& path) {
  if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) == 0) return;
  const int error = errno;
  if (error != ENOSPC && error != EDQUOT) return;
  constexpr std::uint64_t kBlockBytes = 512;  // of st_blocks, always
  struct stat status {};
  const bool has = ::fstat(fd, &status) == 0 && static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes >= least;
  if (!has) throw system_error(fmt::format("cannot write {}", path.string()), error);
}

UniqueFd open_reserve(const std::filesystem::path& reserve, const std::filesystem::path& path) {
  UniqueFd fd(::open(reserve.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw system_error(fmt::format("cannot write {}", path.string()), errno);
  return fd;
}

// Over what is there, which is not cut off: that would give its room away.
void overwrite(int fd, std::string text, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error(fmt::format("cannot write {}", path.string()), errno);
  text.resize(std::max(text.size(), static_cast<std::size_t>(status.st_size)), '\n');
  if (::lseek(fd, 0, SEEK_SET) != 0) throw system_error(fmt::format("cannot write {}", path.string()), errno);
  write_all(fd, bytes_of(text), path.string());
  if (::fsync(fd) != 0) throw system_error(fmt::format("cannot write {}", path.string()), errno);
}

}  // namespace

SyncedJson::SyncedJson(std::filesystem::path path, std::size_t limit_bytes)
    : path_(std::move(path)), limit_bytes_(limit_bytes) {}

std::optional<Json> SyncedJson::load() const {
  std::string text;
  try {
    // A save after the next one writes over what is being read.
    for (int attempt = 0; attempt < 100; ++attempt) {
      const FileVersion before = version_of(path_);
      text = read_small_file(path_, limit_bytes_);
      if (before == version_of(path_)) break;
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return std::nullopt;
    throw;
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::failed, printable(error.what()));
  }
}

void SyncedJson::save(const Json& json) const {
  const std::filesystem::path folder = path_.parent_path();
  if (::mkdir(folder.c_str(), 0700) == 0) {
    sync_folder(folder.parent_path());
  } else if (errno != EEXIST) {
    throw system_error(fmt::format("cannot make the folder {}", folder.string()), errno);
  }
  const std::string text = json.dump(1) + "\n";
  if (text.size() > limit_bytes_) {
    throw Error(ErrorKind::failed, fmt::format("{} would be larger than {}", path_.string(), human_size(limit_bytes_)));
  }
  const std::size_t room = (text.size() + kGrowthBytes + kStepBytes - 1) / kStepBytes * kStepBytes;
  const std::filesystem::path reserve = reserve_of(path_);
  const UniqueFd now(::open(path_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!now) return begin(text, room);
  // Both, before anything is written: they change places.
  take_room(now.get(), room, text.size(), path_);
  const UniqueFd next = open_reserve(reserve, path_);
  take_room(next.get(), room, text.size(), path_);
  overwrite(next.get(), text, path_);
  if (::renameat2(AT_FDCWD, reserve.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) != 0) {
    // A file system that cannot do that.
    if (::rename(reserve.c_str(), path_.c_str()) != 0) {
      throw system_error(fmt::format("cannot write {}", path_.string()), errno);
    }
  }
  sync_folder(folder);
}

// The first time. Until all room is there, there is no file, either.
void SyncedJson::begin(const std::string& text, std::size_t room_bytes) const {
  const std::filesystem::path reserve = reserve_of(path_);
  const std::filesystem::path first = reserve.string() + ".first";
  try {
    const UniqueFd kept = open_reserve(reserve, path_);
    take_room(kept.get(), room_bytes, text.size(), path_);
    const UniqueFd fd = open_reserve(first, path_);
    take_room(fd.get(), room_bytes, text.size(), path_);
    overwrite(fd.get(), text, path_);
    if (::rename(first.c_str(), path_.c_str()) != 0) {
      throw system_error(fmt::format("cannot write {}", path_.string()), errno);
    }
  } catch (...) {
    ::unlink(first.c_str());
    ::unlink(reserve.c_str());
    throw;
  }
  sync_folder(path_.parent_path());
}

void SyncedJson::remove() const {
  if (::unlink(path_.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw system_error(fmt::format("cannot remove {}", path_.string()), errno);
  }
  ::unlink(reserve_of(path_).c_str());
  sync_folder(path_.parent_path());
}

}  // namespace wobackup
