// The stores that guards' backups go to and come back from. What they are, only the service knows.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random_access.h"
#include "snapshot/verify_ledger.h"
#include "wobackup/guard.h"
#include "wobackup/progress.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// A store that a guard's backup shall go to.
struct GuardPlace {
  std::string store;                    ///< as it was named; kOwnFolderStore
  std::vector<std::string> recipients;  ///< its own, "age1..."; none: as the site's settings say
  bool elsewhere = false;               ///< no folder of this machine: a roll-back must fetch the backup first
};

struct GuardPlaces {
  std::vector<GuardPlace> all;  ///< by the order in which they were named; at least one
  /// The site's own folder must have it: nobody has asked for a way back that needs the network.
  bool own_folder_needed = false;
};

/// One of the copies of a guard's backup.
struct GuardCopy {
  std::string store;
  std::filesystem::path archive;  ///< there: a path, or an address such as "s3://..."
};

/// An archive that lies elsewhere, as it is stored, encrypted or not, and what it is there. Empty for a file of this
/// machine.
struct CopyContent {
  std::shared_ptr<const RandomAccess> stored;
  std::optional<ArchiveIdentity> identity;
};

/// How long to ask a store that does not answer: minutes, or, where another copy may do, seconds.
enum class StorePatience { full, brief };

/// All may be called from one thread at a time; none of them is empty.
struct GuardStores {
  /// Where the backup goes, without asking any of them. Throws not_found and usage for names that mean nothing.
  std::function<GuardPlaces(const Site&, const GuardOptions&)> places;
  /// As Service::create with CreateOptions::stores, of which there is at least one.
  std::function<Created(const Site&, const CreateOptions&)> create;
  /// Opens a copy where it lies, after seeing that it is the archive that was made here, also of one on this machine:
  /// verification otherwise, wrong_key if it cannot be decrypted, and what the store throws.
  std::function<CopyContent(const GuardCopy&, StorePatience, const std::function<bool()>& cancelled)> open;
  /// The same, and brings it to this machine. Also no_space.
  std::function<CopyContent(const GuardCopy&, StorePatience, const ProgressCallback&)> fetch;
};

}  // namespace wobackup
