// Whether a backup could be restored in place, asked while there is no need for it yet.
#pragma once

#include <filesystem>

#include "base/cancellation.h"
#include "recovery/restore_in_place.h"

namespace wobackup {

/// Whether an archive is a file of this machine, or has to be fetched before it is restored.
enum class ArchivePlace { here, elsewhere };

/// What can be known before there is an archive: throws what restore_in_place would throw because other sites use the
/// database, or the login lacks rights. A database that cannot be backed up either is not complained of. Changes
/// nothing.
void require_restorable_database(const Site& site, const InPlaceOptions& options, const InPlaceEnvironment& environment,
                                 const Cancellation& cancellation, ArchivePlace place = ArchivePlace::here);

/// Throws what restore_in_place would throw before it changes anything, as far as that can be told without staging: an
/// interrupted restore, a database that other sites use, a login without the rights, a server that does not take the
/// dump's longest statement, mounts that cannot be exchanged, no room. Reads the dump once; changes nothing. An archive
/// that lies elsewhere is read there (environment.stored); room is looked for to fetch it, too.
void require_restorable(const Site& site, const std::filesystem::path& archive, const InPlaceOptions& options,
                        const InPlaceEnvironment& environment, const Cancellation& cancellation);

}  // namespace wobackup
