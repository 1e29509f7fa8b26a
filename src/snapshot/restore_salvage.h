// Restoring what is left of an archive whose end is missing or damaged.
#pragma once

#include <optional>
#include <string>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "container/container_reader.h"
#include "snapshot/selection.h"
#include "store/archive/member_reading.h"
#include "store/archive/salvage_reading.h"
#include "store/archive/snapshot_record.h"
#include "target/files/folder_writer.h"

namespace wobackup {

/// How an archive can be read.
struct ArchiveIndex {
  std::optional<ContainerReader> container;  ///< its seek table is usable; nothing for one of another program
  /// Only by `restore_what_is_left`: manifest or seek table are damaged or missing.
  bool damaged = false;
};

/// Throws Error verification for damage; with `salvage` only for a file of which nothing can be told.
[[nodiscard]] ArchiveIndex open_index(const RandomAccess& file, bool salvage, const Cancellation& cancellation);

/// Writes what is whole by salvage_members; without a writer, only counts. What is lost, as far as it is known, becomes
/// `record`'s unreadable paths. `bytes` counts the logical bytes of files. Returns what is wrong with the archive, in
/// words.
[[nodiscard]] std::string restore_what_is_left(const RandomAccess& file, const ArchiveIndex& index,
                                               Selection& selection, FolderWriter* writer, SnapshotRecord& record,
                                               ReadingCounters& counters, std::uint64_t& bytes,
                                               const Cancellation& cancellation);

/// What a salvage tells of the archive: how much of it could be read, and whether the losses are all known.
[[nodiscard]] std::string told(const SalvageSummary& summary);

}  // namespace wobackup
