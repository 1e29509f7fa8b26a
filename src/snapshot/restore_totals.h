// What a restore will bring back, as the manifest tells beforehand.
#pragma once

#include <cstdint>
#include <vector>

#include "container/container_reader.h"
#include "container/known_manifest.h"
#include "container/manifest.h"
#include "snapshot/selection.h"
#include "wobackup/restore.h"

namespace wobackup {

struct RestoreTotals {
  std::uint64_t entries = 0, files = 0, bytes = 0;
  std::uint64_t room_bytes = 0;  ///< on the disk, at the most: holes take none
  /// All that was asked for, if it is little: then the manifest need not be read again.
  std::vector<ManifestEntry> members;
  [[nodiscard]] bool few() const;
};

/// What of a manifest can be meant. The selection outlives the filter.
[[nodiscard]] ManifestFilter may_be_wanted(const Selection& selection);

/// Counts what is meant. `options` built the selection. Throws Error not_found for a wish that nothing meets, and as
/// `require_some`.
[[nodiscard]] RestoreTotals count_wanted(const ContainerReader& container, Selection& selection,
                                         const RestoreOptions& options);

/// Throws Error not_found if only the files, or only the database, were asked for, and there are none: an empty folder
/// would look like success.
void require_some(std::uint64_t entries, const RestoreOptions& options);

}  // namespace wobackup
