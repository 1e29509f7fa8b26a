#include "wordpress/maintenance_mode.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/file_io.h"
#include "base/system_error.h"
#include "wordpress/random_token.h"

namespace wobackup {
namespace {

constexpr const char* kFile = ".maintenance";
constexpr std::string_view kBegin = "<?php $upgrading = ";
constexpr std::string_view kMark = "; // wobackup\n";
constexpr std::int64_t kCountsSeconds = 600;
constexpr std::size_t kLongestFile = 4096;

// What lies there under the name.
struct Present {
  std::int64_t since = 0;
  bool ours = false;
};

std::int64_t seconds(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
}

// Anything that is not like ours or WordPress' own counts from its modification time.
std::optional<Present> present_file(int folder, const std::string& name) {
  const UniqueFd fd(::openat(folder, kFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::failed, fmt::format("{}: {} is not a regular file", name, kFile), "remove it");
  }
  Present present{.since = status.st_mtim.tv_sec, .ours = false};
  if (static_cast<std::size_t>(status.st_size) > kLongestFile) return present;
  const std::string text = read_small_file(fd.get(), kLongestFile, name + "/" + kFile);
  if (!text.starts_with(kBegin)) return present;
  const char* end = text.data() + text.size();
  std::int64_t since = 0;
  const auto [rest, error] = std::from_chars(text.data() + kBegin.size(), end, since);
  if (error != std::errc{}) return present;
  present.since = since;
  present.ours = std::string_view(rest, static_cast<std::size_t>(end - rest)) == kMark;
  return present;
}

// A file that is removed again unless it was renamed.
class TemporaryName {
 public:
  TemporaryName(int folder, std::string name) : folder_(folder), name_(std::move(name)) {}
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  ~TemporaryName() {
    if (!renamed_) ::unlinkat(folder_, name_.c_str(), 0);
  }
  void rename_to(const char* name) {
    if (::renameat(folder_, name_.c_str(), folder_, name) != 0) {
      throw system_error(fmt::format("cannot write {}", name), errno);
    }
    renamed_ = true;
  }

 private:
  int folder_;
  std::string name_;
  bool renamed_ = false;
};

void remove_file(int folder, const std::string& name) {
  if (::unlinkat(folder, kFile, 0) != 0 && errno != ENOENT) {
    throw system_error(fmt::format("cannot remove {}/{}", name, kFile), errno);
  }
}

}  // namespace

MaintenanceMode::MaintenanceMode(int htdocs_fd, std::string name, const SiteUser& owner, const Clock& clock,
                                 std::chrono::milliseconds renew_every)
    : folder_(::openat(htdocs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      name_(std::move(name)),
      owner_(owner),
      clock_(clock) {
  if (!folder_) throw system_error(fmt::format("cannot open {}", name_), errno);
  const auto present = present_file(folder_.get(), name_);
  if (present && !present->ours && seconds(clock_) - present->since < kCountsSeconds) {
    throw Error(ErrorKind::locked, fmt::format("{} is in maintenance mode already", name_),
                "WordPress may be updating itself; wait until .maintenance is gone or ten minutes old", true);
  }
  write();
  active_ = true;
  renewing_ = std::jthread([this, renew_every](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, renew_every, [] { return false; }) && !stop.stop_requested()) {
      try {
        write();
        problem_.reset();
      } catch (const std::exception& error) {
        problem_ = error.what();
      }
    }
  });
}

MaintenanceMode::~MaintenanceMode() {
  try {
    leave();
  } catch (const std::exception&) {  // ignored by WordPress after ten minutes
  }
}

void MaintenanceMode::renew() {
  const std::lock_guard lock(mutex_);
  if (!active_) throw Error(ErrorKind::failed, fmt::format("{} is not in maintenance mode", name_));
  if (problem_) {
    const std::string problem = *problem_;
    problem_.reset();
    throw Error(ErrorKind::failed, fmt::format("maintenance mode of {} was not renewed: {}", name_, problem));
  }
  write();
}

void MaintenanceMode::leave() {
  stop_renewing();
  const std::lock_guard lock(mutex_);
  if (!active_) return;
  active_ = false;
  const auto present = present_file(folder_.get(), name_);
  if (present && present->ours) remove_file(folder_.get(), name_);
}

bool MaintenanceMode::remove_leftover(int htdocs_fd, const std::string& name) {
  const auto present = present_file(htdocs_fd, name);
  if (!present || !present->ours) return false;
  remove_file(htdocs_fd, name);
  return true;
}

void MaintenanceMode::stop_renewing() {
  renewing_.request_stop();
  if (renewing_.joinable()) renewing_.join();
}

// Under a name that nobody foresees, then renamed over: neither is a planted link followed, nor does PHP ever see half
// a file.
void MaintenanceMode::write() const {
  const std::string name = ".wobackup-maintenance-" + random_token();
  const UniqueFd fd(::openat(folder_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw system_error(fmt::format("cannot write {}/{}", name_, kFile), errno);
  TemporaryName temporary(folder_.get(), name);
  write_all(fd.get(), bytes_of(fmt::format("{}{}{}", kBegin, seconds(clock_), kMark)), name_ + "/" + kFile);
  if (::geteuid() == 0 && ::fchown(fd.get(), owner_.uid, owner_.gid) != 0) {
    throw system_error(fmt::format("cannot give {}/{} to its owner", name_, kFile), errno);
  }
  if (::fchmod(fd.get(), 0644) != 0) throw system_error(fmt::format("cannot open up {}/{}", name_, kFile), errno);
  temporary.rename_to(kFile);
}

}  // namespace wobackup
