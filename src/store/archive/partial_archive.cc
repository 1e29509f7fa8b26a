#include "store/archive/partial_archive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include <dirent.h>

#include "base/file_io.h"
#include "base/publish_file.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kCheckEveryBytes = std::uint64_t{8} << 20U;
constexpr std::string_view kSuffix = ".partial";

}  // namespace

PartialArchive::PartialArchive(int directory_fd, std::filesystem::path directory, const std::string& name,
                               const WriteLimits& limits, const Cancellation& cancellation)
    : directory_fd_(directory_fd),
      directory_(std::move(directory)),
      partial_name_(fmt::format(".{}.tar.zst{}", name, kSuffix)),
      limits_(limits),
      cancellation_(cancellation) {
  ::unlinkat(directory_fd_, partial_name_.c_str(), 0);  // abandoned: the caller holds the site's lock
  fd_.reset(::openat(directory_fd_, partial_name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd_) throw system_error(fmt::format("cannot write to {}", directory_.string()), errno);
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0 || ::fchmod(fd_.get(), 0600) != 0) {
    const int error_number = errno;
    ::unlinkat(directory_fd_, partial_name_.c_str(), 0);
    throw system_error(fmt::format("cannot lock {}", (directory_ / partial_name_).string()), error_number);
  }
  stream_.emplace(fd_.get(), directory_.string(), hash_);
}

PartialArchive::~PartialArchive() {
  if (fd_ && !partial_name_.empty()) ::unlinkat(directory_fd_, partial_name_.c_str(), 0);
}

void PartialArchive::write(ByteSpan bytes) {
  if (written_bytes_ + bytes.size() >= checked_at_bytes_ + kCheckEveryBytes || written_bytes_ == 0) {
    check_space();
    checked_at_bytes_ = written_bytes_;
  }
  stream_->write(bytes);
  written_bytes_ += bytes.size();
  if (limits_.bytes_per_second > 0) keep_pace();
}

void PartialArchive::keep_pace() {
  const std::chrono::duration<double> due(static_cast<double>(written_bytes_) /
                                          static_cast<double>(limits_.bytes_per_second));
  const auto until = started_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due);
  while (true) {
    const auto ahead = until - std::chrono::steady_clock::now();
    if (ahead.count() <= 0) return;
    cancellation_.check();
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(ahead, std::chrono::milliseconds(100)));
  }
}

void PartialArchive::check_space() const {
  require_space(space_of(directory_fd_, directory_), limits_.min_free_bytes, 0, directory_);
}

Sha256Digest PartialArchive::sync() {
  stream_->finish();
  return hash_.finish();
}

bool PartialArchive::publish(const std::string& file_name) {
  if (!publish_file(directory_fd_, fd_.get(), partial_name_, file_name, directory_.string())) return false;
  partial_name_.clear();
  return true;
}

std::vector<std::string> remove_abandoned_partials(int directory_fd) {
  std::vector<std::string> removed;
  const int listing_fd = ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (listing_fd < 0) return removed;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(listing_fd), ::closedir);
  if (!listing) return removed;
  while (const dirent* item = ::readdir(listing.get())) {
    const std::string name = item->d_name;
    if (!name.starts_with('.') || !name.ends_with(kSuffix) || name.find(".tar.zst") == std::string::npos) continue;
    const UniqueFd fd(::openat(directory_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;  // somebody is writing it
    if (::unlinkat(directory_fd, name.c_str(), 0) == 0) removed.push_back(name);
  }
  return removed;
}

std::uint64_t default_min_free(std::uint64_t file_system_bytes) noexcept {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
  return std::min(std::max(kGiB, file_system_bytes / 20), file_system_bytes / 10);
}

std::uint64_t min_free_in(const Space& space, std::optional<std::uint64_t> configured) noexcept {
  return configured ? *configured : default_min_free(space.total_bytes);
}

Space space_of(int directory_fd, const std::filesystem::path& directory) {
  struct statvfs status {};
  if (::fstatvfs(directory_fd, &status) != 0) {
    throw system_error(fmt::format("cannot tell the free space of {}", directory.string()), errno);
  }
  return {status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize};
}

void require_space(const Space& space, std::uint64_t min_free_bytes, std::uint64_t expected_bytes,
                   const std::filesystem::path& directory) {
  if (space.free_bytes >= expected_bytes && space.free_bytes - expected_bytes >= min_free_bytes) return;
  throw Error(ErrorKind::no_space,
              fmt::format("{}: {} free, {}but {} must stay free", directory.string(), human_size(space.free_bytes),
                          expected_bytes > 0 ? fmt::format("about {} needed, ", human_size(expected_bytes)) : "",
                          human_size(min_free_bytes)),
              "free some space there, choose another place (--path for archives; scratch_dir and state_dir in "
              "wobackup.toml), or "
              "lower min_free");
}

}  // namespace wobackup
