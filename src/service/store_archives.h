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

/// Of what a user named in a store, the archive, with one listing and without looking into any: "latest" is the newest
/// that is complete by its name. One that is damaged or was exchanged is not passed over; whoever reads it is told.
/// Throws not_found.
struct WantedArchive {
  std::string site;
  std::string name;  ///< "2025-01-20_14-25-30", with or without its ending, or "latest"
};
[[nodiscard]] std::filesystem::path find_stored(OpenStore& store, const WantedArchive& wanted,
                                                const std::string& store_name);

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
