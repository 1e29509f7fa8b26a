#include "autoupdate/site_readiness.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/system_error.h"
#include "snapshot/state_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::chrono::minutes kMaintenanceCounts{10};  // WordPress ignores an older file

// When WordPress began to show its maintenance page; nothing if it does not.
std::optional<std::chrono::system_clock::time_point> maintenance_since(const Site& site) {
  struct stat status {};
  if (::lstat((htdocs_of(site) / ".maintenance").c_str(), &status) != 0) return std::nullopt;
  return std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
}

}  // namespace

// Another update of the site, by somebody in the dashboard. Its end would be taken for ours.
void require_no_maintenance(const Site& site) {
  const auto since = maintenance_since(site);
  if (!since || std::chrono::system_clock::now() - *since > kMaintenanceCounts) return;
  throw Error(ErrorKind::locked, fmt::format("{}: the site is in maintenance: somebody is updating it", site.name),
              "try again when that is done; if nobody is, remove htdocs/.maintenance", true);
}

void require_settled(const Service& service, const std::string& site) {
  if (const std::optional<PendingGuard> guard = service.pending_guard(site); guard && !guard->running) {
    throw Error(ErrorKind::locked,
                fmt::format("{}: a guard ({}) that began {} was interrupted", site, guard->reason, guard->started),
                fmt::format("take it back with `wobackup guard --abort {0}`, or keep the change with `guard --resume "
                            "{0}`",
                            site));
  }
  if (const std::optional<PendingRestore> restore = service.pending_restore(site); restore && restore->interrupted) {
    throw Error(ErrorKind::locked, fmt::format("{}: a restore that began {} was interrupted", site, restore->started),
                fmt::format("finish it with `wobackup restore --resume {}`, or take it back with --abort", site));
  } else if (restore && restore->running) {
    throw Error(ErrorKind::locked, fmt::format("{}: a restore that began {} is running", site, restore->started),
                "try again when it has ended", true);
  }
}

// One run of updates on a site at a time. (A guard has the site's lock, but what is pending is asked before.)
FileLock autoupdate_lock(const Config& config, const std::string& site, const AutoupdateOptions& options) {
  const StateFolder state(config.state_dir);
  const std::filesystem::path folder = state.path() / "autoupdate";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error(fmt::format("cannot make {}", folder.string()), errno);
  }
  return FileLock(folder / (site + ".lock"), fmt::format("autoupdate {}", site), options.wait, options.cancelled);
}

}  // namespace wobackup
