// What is known here of archives that cannot be read here.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/clock.h"
#include "snapshot/archive_ledger.h"
#include "store/archive/archive_list.h"
#include "wobackup/config.h"
#include "wobackup/log.h"

namespace wobackup {

/// For list_archives: from the site's ledger. An archive whose size is not the one that was written is a problem.
[[nodiscard]] RememberedArchive remembered_archives(const std::filesystem::path& state_dir, const std::string& site);

/// Enters a folder's encrypted archives that the ledger does not have, as far as their names tell, or the archives
/// themselves if the keys open them without asking anybody. Their sums are not entered: what is there now proves
/// nothing about what was written. Returns how many were new. Takes the site's lock.
std::size_t remember_archives(const std::vector<SnapshotRef>& found, const std::string& site, const Config& config);

}  // namespace wobackup
