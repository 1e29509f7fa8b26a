// Writing a snapshot straight to stores.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "age/age_writer.h"
#include "snapshot/create.h"
#include "snapshot/write_snapshot.h"

namespace wobackup {

/// Stores whose archives are encrypted to the same recipients: they get the same bytes.
struct StoreGroup {
  std::string key;
  Recipients recipients;  ///< none: not encrypted
  std::vector<std::size_t> places;
};

/// What the options name counts for all stores; else a store's own recipients, else what is configured for the site.
/// Throws usage.
[[nodiscard]] std::vector<StoreGroup> store_groups(const Site& site, const CreateOptions& options,
                                                   const std::vector<SnapshotPlace>& places, const Config& config);

/// As create_snapshot_in, under the site's lock.
///
/// An object's name is known to a store before its first byte, and whether a backup is complete only at its end. So the
/// first path that cannot be read ends the writing, and it begins anew as "..._incomplete": rarely, and never under a
/// name that says more than is true.
[[nodiscard]] Created write_to_stores(const SnapshotBeginning& begun, const std::vector<SnapshotPlace>& places,
                                      const std::vector<StoreGroup>& groups);

}  // namespace wobackup
