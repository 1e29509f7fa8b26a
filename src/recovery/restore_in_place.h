// The use case "restore a site in place", and its way back.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random_access.h"
#include "snapshot/verify_ledger.h"
#include "wobackup/config.h"
#include "wobackup/error.h"
#include "wobackup/log.h"
#include "wobackup/restore.h"
#include "wobackup/site.h"

namespace wobackup {

/// What the hint of a restore begins with that failed and took itself back (Error rolled_back).
inline constexpr std::string_view kAsBeforeTheRestore = "everything is as it was before";

struct InPlaceEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
  LockWait wait = {};  ///< of what is not told by InPlaceOptions
  /// The archive as it is stored, fetched to this machine, and what it is there, if it lies elsewhere; the path is its
  /// name then.
  std::shared_ptr<const RandomAccess> stored = nullptr;
  std::optional<ArchiveIdentity> stored_identity = std::nullopt;
};

/// As Service::restore_in_place.
[[nodiscard]] RestoredInPlace restore_in_place(const Site& site, const std::filesystem::path& archive,
                                               const InPlaceOptions& options, const InPlaceEnvironment& environment);

/// As Service::pending_restore, but of one that another process, or this one, is at work on it says that it was
/// interrupted: for whoever holds the site's lock.
[[nodiscard]] std::optional<PendingRestore> pending_restore_of(const std::string& site, const Config& config);

/// As Service::pending_restore.
[[nodiscard]] std::optional<PendingRestore> pending_restore_now(const std::string& site, const Config& config);

/// For what cannot be done since a restore, or its undo, was interrupted. The phase as in PendingRestore.
[[nodiscard]] Error interrupted_restore(const std::string& site, std::string_view phase, ErrorKind kind);

/// Throws Error locked if there is an interrupted one.
void require_not_interrupted(const std::string& site, const Config& config);

/// As Service::pending_restores.
[[nodiscard]] std::vector<PendingRestore> pending_restores_in(const Config& config);

/// An interrupted restore: to its end, or back. Throws not_found if there is none, rollback_failed if somebody else has
/// changed the files meanwhile.
void resume_restore(const std::string& site, const InPlaceEnvironment& environment);
void abort_restore(const std::string& site, const InPlaceEnvironment& environment);
/// One that was done: back. What it had brought, with what visitors have written since, is displaced now.
void undo_restore(const std::string& site, const InPlaceEnvironment& environment);
/// One that was done or undone: what was displaced is archived beside the site's backups (reason "pre-restore" or
/// "pre-undo"), and removed; with `discard` only removed.
std::filesystem::path finish_restore(const Site& site, bool discard, const InPlaceEnvironment& environment);
/// The same for a caller who holds the site's lock, and archives.
std::filesystem::path finish_restore_under_lock(const Site& site, const InPlaceEnvironment& environment);

}  // namespace wobackup
