#include "target/files/placed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/system_error.h"
#include "base/text.h"
#include "target/files/target_folder.h"
#include "wobackup/error.h"

namespace wobackup {

PlacedFile::PlacedFile(FilePlace place, const Entry& entry, bool proven, std::function<void(int fd)> settle,
                       std::function<void(std::uint64_t bytes)> take_room)
    : place_(std::move(place)),
      path_(entry.path),
      size_bytes_(entry.size),
      settle_(std::move(settle)),
      take_room_(std::move(take_room)) {
  if (proven && !place_.replace) {
    open_in_place();
  } else {
    open_unnamed();
  }
}

PlacedFile::~PlacedFile() {
  if (!done_ && !written_as_.empty()) ::unlinkat(place_.folder->get(), written_as_.c_str(), 0);
}

void PlacedFile::failed(const char* what, int error_number) const {
  const Error error = system_error(fmt::format("{} {}", what, printable(path_)), error_number);
  if (error.kind() != ErrorKind::no_space) throw Error(error);
  throw Error(error.kind(), error.message(), "free space, or restore elsewhere with --target");
}

void PlacedFile::open_in_place() {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  fd_.reset(::openat(place_.folder->get(), place_.name.c_str(), kFlags, 0600));
  if (fd_) {
    written_as_ = place_.name;
  } else if (errno != EEXIST) {
    failed("cannot make", errno);
  }
}

void PlacedFile::open_unnamed() {
  fd_.reset(::openat(place_.folder->get(), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600));
  if (fd_) return;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) failed("cannot make", errno);
  // A file system without unnamed files.
  const std::string name = temporary_name();
  fd_.reset(::openat(place_.folder->get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd_) failed("cannot make", errno);
  written_as_ = name;
}

void PlacedFile::write(std::uint64_t offset, ByteSpan bytes) {
  take_room_(bytes.size());
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failed("cannot write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void PlacedFile::publish_unnamed() {
  const std::string source = "/proc/self/fd/" + std::to_string(fd_.get());
  const auto link_as = [&](const std::string& name) {
    return ::linkat(AT_FDCWD, source.c_str(), place_.folder->get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  if (!place_.replace) {
    if (!link_as(place_.name)) failed("cannot place", errno);
    return;
  }
  const std::string name = temporary_name();
  if (!link_as(name)) failed("cannot place", errno);
  written_as_ = name;
  rename_into_place();
}

void PlacedFile::rename_into_place() {
  const int folder = place_.folder->get();
  const unsigned flags = place_.replace ? 0 : RENAME_NOREPLACE;
  if (::renameat2(folder, written_as_.c_str(), folder, place_.name.c_str(), flags) != 0) failed("cannot place", errno);
}

void PlacedFile::finish() {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) failed("cannot look at", errno);
  if (static_cast<std::uint64_t>(status.st_size) != size_bytes_ &&
      ::ftruncate(fd_.get(), static_cast<off_t>(size_bytes_)) != 0) {
    failed("cannot set the length of", errno);
  }
  settle_(fd_.get());
  if (written_as_.empty()) {
    publish_unnamed();
  } else if (written_as_ != place_.name) {
    rename_into_place();
  }
  done_ = true;
}

}  // namespace wobackup
