#include "source/files/file_content.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "source/files/attributes.h"

namespace wobackup {
namespace {

constexpr std::int64_t kReadAheadFromBytes = std::int64_t{4} << 20U;

ContentProblem problem_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return {ContentProblem::Kind::vanished, "vanished before it was read"};
    case ELOOP:
    case ENXIO:  // a socket
      return {ContentProblem::Kind::vanished, "was replaced by something that is not a regular file"};
    default:
      return {ContentProblem::Kind::unreadable, errno_text(error_number)};
  }
}

ContentProblem read_at(int fd, std::uint64_t offset, MutableByteSpan buffer, std::size_t& count) {
  count = 0;
  while (count < buffer.size()) {
    const ssize_t got = ::pread(fd, buffer.data() + count, buffer.size() - count, static_cast<off_t>(offset + count));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {ContentProblem::Kind::unreadable, errno_text(errno)};
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  return {};
}

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

}  // namespace

FileContent::FileContent(std::shared_ptr<const FileRoot> root, std::string path, OwnerNames& names)
    : root_(std::move(root)), path_(std::move(path)), names_(names) {}

ContentProblem FileContent::open_file() {
  // O_NONBLOCK: the name may have become a FIFO. O_NOATIME needs ownership or root.
  constexpr int kFlags = O_RDONLY | O_NONBLOCK;
  fd_ = open_beneath(root_->fd.get(), path_, kFlags | O_NOATIME);
  if (!fd_ && errno == EPERM) fd_ = open_beneath(root_->fd.get(), path_, kFlags);
  if (!fd_) return problem_of(errno);
  return {};
}

ContentProblem FileContent::hold() {
  ContentProblem problem = open_file();
  held_ = !problem;
  return problem;
}

ContentProblem FileContent::open(Entry& entry) {
  if (!held_) {
    if (ContentProblem problem = open_file()) return problem;
  }
  if (::fstat(fd_.get(), &seen_) != 0) return problem_of(errno);
  if (!S_ISREG(seen_.st_mode)) return problem_of(ELOOP);
  set_status(entry, seen_, names_);
  set_segments(entry, fd_.get(), seen_);
  const std::string error = set_attributes(entry, fd_.get());
  if (!error.empty()) return {ContentProblem::Kind::unreadable, error};
  if (seen_.st_size >= kReadAheadFromBytes) ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

ContentProblem FileContent::read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& count) const {
  return read_at(fd_.get(), offset, buffer, count);
}

Stability FileContent::stability() const {
  struct stat now {};
  if (::fstat(fd_.get(), &now) != 0) return Stability::changed;
  if (now.st_size > seen_.st_size) return Stability::grew;
  // Not the change time: renaming or chmod changes it too, and leaves the content alone.
  const bool same = now.st_size == seen_.st_size && same_time(now.st_mtim, seen_.st_mtim);
  return same ? Stability::same : Stability::changed;
}

void FileContent::close() noexcept {
  if (!held_) fd_.reset();
}

ContentProblem CopiedContent::open(Entry& entry) {
  entry.size = size_bytes_;
  return {};
}

ContentProblem CopiedContent::read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& count) const {
  return read_at(fd_, offset, buffer, count);
}

}  // namespace wobackup
