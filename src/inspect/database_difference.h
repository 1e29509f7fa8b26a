// What differs between the databases of two backups.
#pragma once

#include <vector>

#include "store/archive/archive_reader.h"
#include "wobackup/inspect.h"

namespace wobackup {

/// Compares the dumps' tables and other objects by their SQL; each dump is read once, unless both are the same. The
/// site's own dumps are compared with each other whatever their names, further ones by name.
[[nodiscard]] std::vector<TableChange> database_difference(const ArchiveReader& before, const ArchiveReader& after);

}  // namespace wobackup
