#include "backend/local/local_upload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "backend/partial_name.h"
#include "base/file_io.h"
#include "base/publish_file.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

// Up to here, an object is not worth a thread.
constexpr std::size_t kSmallBytes = std::size_t{256} << 10U;

}  // namespace

LocalUpload::LocalUpload(UniqueFd directory_fd, std::filesystem::path directory, std::string name,
                         const std::string& owner, bool replace)
    : directory_fd_(std::move(directory_fd)),
      directory_(std::move(directory)),
      name_(std::move(name)),
      replace_(replace) {
  make_partial(owner);
}

void LocalUpload::make_partial(const std::string& owner) {
  // Between its making and its locking, somebody who takes away what is abandoned may have come.
  for (int attempt = 0; attempt < 10; ++attempt) {
    partial_name_ = partial_name(name_, owner);
    fd_.reset(
        ::openat(directory_fd_.get(), partial_name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_) throw system_error(fmt::format("cannot write to {}", printable(directory_.string())), errno);
    struct stat status {};
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd_.get(), &status) == 0 && status.st_nlink > 0) return;
    const int error_number = errno;
    ::unlinkat(directory_fd_.get(), partial_name_.c_str(), 0);
    errno = error_number;
  }
  throw system_error(fmt::format("cannot lock {}", printable((directory_ / partial_name_).string())), errno);
}

LocalUpload::~LocalUpload() {
  if (!partial_name_.empty()) ::unlinkat(directory_fd_.get(), partial_name_.c_str(), 0);
}

void LocalUpload::write(ByteSpan bytes) {
  if (!stream_) {
    if (beginning_.size() + bytes.size() <= kSmallBytes) {
      beginning_.insert(beginning_.end(), bytes.begin(), bytes.end());
      return;
    }
    stream_ = std::make_unique<DiskStream>(fd_.get(), printable((directory_ / name_).string()), no_observer_);
    stream_->write(beginning_);
    beginning_ = {};
  }
  stream_->write(bytes);
}

void LocalUpload::finish() {
  if (stream_) {
    stream_->finish();
    return;
  }
  const std::string shown = printable((directory_ / name_).string());
  write_all(fd_.get(), beginning_, shown);
  if (::fdatasync(fd_.get()) != 0) throw system_error(fmt::format("cannot write {}", shown), errno);
}

void LocalUpload::replace() {
  if (::renameat(directory_fd_.get(), partial_name_.c_str(), directory_fd_.get(), name_.c_str()) != 0 ||
      (::fsync(directory_fd_.get()) != 0 && errno != EINVAL)) {
    throw system_error(fmt::format("cannot publish {}", printable((directory_ / name_).string())), errno);
  }
}

bool LocalUpload::commit() {
  finish();
  if (replace_) {
    replace();
  } else if (!publish_file(directory_fd_.get(), fd_.get(), partial_name_, name_, printable(directory_.string()))) {
    return false;
  }
  partial_name_.clear();
  return true;
}

}  // namespace wobackup
