#include "guard/guard_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/system_error.h"
#include "base/unique_fd.h"

namespace wobackup {
namespace {

std::filesystem::path lock_file(const std::filesystem::path& state_dir, const std::string& site) {
  return state_dir / "guards" / (site + ".lock");
}

std::filesystem::path made_lock_file(const StateFolder& state, const std::string& site) {
  std::filesystem::path file = lock_file(state.path(), site);
  if (::mkdir(file.parent_path().c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error(fmt::format("cannot make the folder {}", file.parent_path().string()), errno);
  }
  return file;
}

}  // namespace

GuardLock::GuardLock(const StateFolder& state, const std::string& site, std::chrono::seconds wait,
                     const std::function<bool()>& cancelled)
    : lock_(made_lock_file(state, site), fmt::format("guard {}", site), wait, cancelled) {}

bool GuardLock::is_held(const std::filesystem::path& state_dir, const std::string& site) {
  const UniqueFd fd(::open(lock_file(state_dir, site).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace wobackup
