// The folder that an archive goes to.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/unique_fd.h"
#include "snapshot/archive_ledger.h"
#include "store/archive/partial_archive.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// `<root>/<site>`, opened. No link that a site's user could have made was followed on the way.
struct BackupTarget {
  std::filesystem::path root;
  std::filesystem::path directory;
  UniqueFd root_fd;
  UniqueFd fd;
};

/// Where the site's archives go: the option, else the site's setting, else the config's, else `<site_path>/backup`.
[[nodiscard]] std::filesystem::path backup_root_of(const Site& site, const Config& config,
                                                   const std::optional<std::filesystem::path>& requested);

/// Opens the target, making missing folders (mode 0700). Throws usage for a relative root or one inside the site's
/// htdocs, where a web server would serve it.
[[nodiscard]] BackupTarget open_backup_target(const Site& site, const std::filesystem::path& root);

/// Throws usage for a folder below the site's htdocs, where a web server would serve it.
void refuse_inside_htdocs(const Site& site, const std::filesystem::path& folder);

/// A name that neither lies in the folder (if there is one) nor was ever used: the time's, or the next free second. If
/// the newest archive is a little newer than the clock, which was set back, the name comes after it, so that the order
/// stays true.
[[nodiscard]] std::chrono::sys_seconds choose_time(const BackupTarget* target, const ArchiveLedger& ledger,
                                                   std::chrono::sys_seconds now, const LogSink& log);

/// min_free as set, or its default for this disk.
[[nodiscard]] std::uint64_t min_free_of(const Config& config, const BackupTarget& target);

}  // namespace wobackup
