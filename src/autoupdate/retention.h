// Keeping automatic backups from filling the disk.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wobackup/service.h"

namespace wobackup {

/// What became of a site's older backups.
struct Retention {
  bool verified = false;  ///< the new one was read back whole; not if it is encrypted, and its key elsewhere
  std::vector<std::filesystem::path> removed;
  std::vector<std::string> notes;  ///< what could not be removed, and why
};

/// Which of a site's backups have this reason and are not needed any more: `keep` newer complete ones of it have been
/// verified (every byte). One that was not verified counts for nothing, but stays as long as a verified one of its age
/// would. An incomplete one goes also for `keep` newer verified ones that are incomplete themselves, or they would fill
/// the disk night after night. Order is that of the names' times. `backups` is what Service::list gave: the site's own,
/// exactly.
[[nodiscard]] std::vector<SnapshotRef> superseded(const std::vector<SnapshotRef>& backups, const std::string& reason,
                                                  std::size_t keep);

/// Verifies a new backup, and removes those of its reason that it supersedes. Nothing is removed if it is damaged
/// (Error verification), if a guard or a restore of the site is unfinished, or while another run works on the site.
[[nodiscard]] Retention retire_older(Service& service, const std::string& site, const std::filesystem::path& newest,
                                     const std::string& reason, std::size_t keep,
                                     const std::function<bool()>& cancelled);

/// Removes one backup that was made here, also from a store elsewhere, under the site's lock; the same conditions hold.
void remove_backup(Service& service, const std::string& site, const std::filesystem::path& archive);

}  // namespace wobackup
