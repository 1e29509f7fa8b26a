// One guard for each site.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "base/file_lock.h"
#include "snapshot/state_folder.h"

namespace wobackup {

/// Held for a guard's whole run, and as long as anything of its command may run. It is not the site's own lock, which
/// only the backup and the roll-back take: the command may back the site up itself.
class GuardLock {
 public:
  /// Throws Error locked (retryable) if another guard of the site is at work; interrupted.
  GuardLock(const StateFolder& state, const std::string& site, std::chrono::seconds wait,
            const std::function<bool()>& cancelled);
  [[nodiscard]] int fd() const noexcept { return lock_.fd(); }

  /// Whether somebody holds it.
  static bool is_held(const std::filesystem::path& state_dir, const std::string& site);

 private:
  FileLock lock_;
};

}  // namespace wobackup
