// Archives in stores elsewhere: which there are, and how they get there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/open_store.h"
#include "wobackup/snapshot.h"
#include "wobackup/store.h"

namespace wobackup {

/// Those of a site, or of all sites by name; newest first. Each is looked into, a few at once,
/// but for what is remembered of encrypted ones.
[[nodiscard]] std::vector<SnapshotRef> list_stored(OpenStore& store, const std::optional<std::string>& site,
                                                   const Config& config);

/// The same without looking into them: type, reason and problems stay unknown.
[[nodiscard]] std::vector<SnapshotRef> names_stored(OpenStore& store, const std::optional<std::string>& site);

/// As Service::last_recorded_in_stores.
[[nodiscard]] std::optional<SnapshotRef> last_recorded(const std::string& site, const Config& config);

/// The sites that it has backups of, sorted.
[[nodiscard]] std::vector<std::string> sites_stored(OpenStore& store);

/// An archive on its way to stores.
struct CopySource {
  const std::filesystem::path& archive;  ///< for messages and the ledger
  const RandomAccess& file;
  std::string site;
  std::string file_name;  ///< "2025-01-20_14-25-30.tar.zst"
};

/// Copies it, as it is, to all of the stores at once; what happens to one does not touch the others. An archive that
/// was made here must still be what it was then (verification), and a copy is recorded like it. A name that is taken by
/// another archive is an error of that store.
[[nodiscard]] std::vector<Stored> copy_to_stores(const CopySource& source, const std::vector<std::string>& stores,
                                                 const CopyOptions& options, const StoreEnvironment& environment);

}  // namespace wobackup
