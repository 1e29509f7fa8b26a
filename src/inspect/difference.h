// The use case behind `wobackup diff`.
#pragma once

#include <functional>
#include <string>

#include "base/random_access.h"
#include "store/archive/archive_reader.h"
#include "wobackup/config.h"
#include "wobackup/inspect.h"
#include "wobackup/site.h"

namespace wobackup {

/// As Service::difference, of the archives' contents.
[[nodiscard]] Difference archives_difference(const RandomAccess& before, const RandomAccess& after,
                                             const DiffOptions& options,
                                             const std::function<void(const EntryChange&)>& visit);

/// As Service::difference_to_live.
[[nodiscard]] Difference live_difference(const ArchiveReader& archive, const Site& site, const Config& config,
                                         const DiffOptions& options,
                                         const std::function<void(const EntryChange&)>& visit);

/// The name of the site that an archive says it is of. Throws not_found if it does not say.
[[nodiscard]] std::string site_of_archive(const ArchiveReader& archive);

}  // namespace wobackup
