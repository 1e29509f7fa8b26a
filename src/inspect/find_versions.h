// The use case behind `wobackup find`.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random_access.h"
#include "wobackup/inspect.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// Opens an archive by its path or address: its content, which the object keeps alive.
using OpenContent = std::function<std::shared_ptr<const RandomAccess>(const std::filesystem::path&)>;

/// Searches the backups of one site, which come newest first, for paths that match the glob. Adds to `result` and
/// visits what was found, sorted by path. Memory is bounded: result.complete tells if it did not suffice.
void find_in_backups(const std::vector<SnapshotRef>& backups, const OpenContent& open, const std::string& pattern,
                     const FindOptions& options, FindResult& result,
                     const std::function<void(const FoundPath&)>& visit);

}  // namespace wobackup
