// The objects of a dump.
#pragma once

#include "inspect/database_parts.h"
#include "store/archive/archive_reader.h"

namespace wobackup {

/// All of a dump that `dump_entries` has described, compared by its bytes with another dump's. Reads it once to its end
/// and compares its hash. Throws Error verification for ranges that do not fit.
[[nodiscard]] DatabaseParts dumped_parts(const ArchiveReader& archive, const ManifestEntry& dump);

/// The same without rows but their number, and with definitions that compare with those of `live_parts`. Of an indexed
/// archive only the frames that hold them are read.
[[nodiscard]] DatabaseParts dumped_definitions(const ArchiveReader& archive, const ManifestEntry& dump);

}  // namespace wobackup
