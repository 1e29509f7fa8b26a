// What a user named, looked up in a store elsewhere.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "service/open_store.h"
#include "service/store_pool.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// A site's archive as users name it.
struct WantedArchive {
  std::string site;
  std::string name;  ///< "2025-01-20_14-25-30", with or without its ending, or "latest"
};

/// Whether it is the one that was named; not for "latest".
[[nodiscard]] bool is_named(const SnapshotRef& ref, const WantedArchive& wanted);

struct FoundStored {
  std::filesystem::path archive;
  std::unique_ptr<StoredArchive> opened;  ///< if it had to be looked into; saves whoever reads it the same requests
};

/// With one listing. "latest" is the newest that is complete by its name, and does not say that it is what a restore
/// has displaced. One that is damaged or was exchanged is not passed over: whoever reads it is told. `store_name` is
/// for messages. Throws not_found, and what the store throws.
[[nodiscard]] FoundStored find_stored(const StoreSettings& settings, const std::string& store_name,
                                      const WantedArchive& wanted, StorePool& pool);

}  // namespace wobackup
