// Whose backup an archive is, and into which site it may go.
#pragma once

#include "store/archive/archive_reader.h"
#include "wobackup/restore.h"
#include "wobackup/site.h"

namespace wobackup {

/// As Service::origin.
[[nodiscard]] ArchiveOrigin origin_of(const ArchiveReader& archive);

/// Whether the site would become a copy of another one: the archive says so, or does not say whose it is although
/// options.other_site was given. Throws Error usage if it says so and options.other_site was not.
[[nodiscard]] bool makes_a_copy(const ArchiveReader& archive, const Site& site, const InPlaceOptions& options);

}  // namespace wobackup
