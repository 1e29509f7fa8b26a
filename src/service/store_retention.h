// How many backups a store keeps.
#pragma once

#include <string>

#include "service/open_store.h"
#include "wobackup/store.h"

namespace wobackup {

/// After `made` was stored: of the archives of the same site, type and reason that the store has, removes the oldest
/// beyond the store's `keep`, and adds them to `made.removed`. Never: the newest, incomplete ones, those with a reason
/// that begins with "pre-" (somebody wants to get back to them) but is not an automatic update's, those that a change
/// in progress would be taken back with, and what the ledger of this machine does not know, or knows with another size.
/// What cannot be removed is logged.
void remove_beyond_keep(const StoreSettings& settings, const std::string& site, Stored& made,
                        const StoreEnvironment& environment);

/// Removes one archive that was made here. Throws Error failed if the store has another one under its name, or the
/// ledger does not know it, and what the store throws. REQUIRES: the site's lock.
void remove_stored(const StoredName& archive, const std::string& site, const StoreEnvironment& environment);

}  // namespace wobackup
