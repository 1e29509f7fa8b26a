// The use case behind `wobackup find`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "wobackup/inspect.h"
#include "wobackup/keys.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// Searches the backups of one site, which come newest first, for paths that match the glob. Adds to `result` and
/// visits what was found, sorted by path. Memory is bounded: result.complete tells if it did not suffice.
void find_in_backups(const std::vector<SnapshotRef>& backups, const Keys& keys, const std::string& pattern,
                     const FindOptions& options, FindResult& result,
                     const std::function<void(const FoundPath&)>& visit);

}  // namespace wobackup
