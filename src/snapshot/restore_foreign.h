// Restoring what another program has archived.
#pragma once

#include "base/cancellation.h"
#include "base/random_access.h"
#include "snapshot/selection.h"
#include "store/archive/member_reading.h"
#include "target/files/folder_writer.h"

namespace wobackup {

/// Streams a tar without index into a folder. It has no hashes to compare; zstd's and tar's own sums are. Throws Error
/// verification for damage and for members that lead outside, before they are written.
void restore_foreign(const RandomAccess& file, Selection& selection, FolderWriter& writer, ReadingCounters& counters,
                     const Cancellation& cancellation);

}  // namespace wobackup
