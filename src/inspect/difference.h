// The use case behind `wobackup diff`.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "wobackup/config.h"
#include "wobackup/inspect.h"
#include "wobackup/site.h"

namespace wobackup {

/// As Service::difference.
[[nodiscard]] Difference archives_difference(const std::filesystem::path& before, const std::filesystem::path& after,
                                             const Keys& keys, const DiffOptions& options,
                                             const std::function<void(const EntryChange&)>& visit);

/// As Service::difference_to_live.
[[nodiscard]] Difference live_difference(const std::filesystem::path& before, const Site& site, const Config& config,
                                         const DiffOptions& options,
                                         const std::function<void(const EntryChange&)>& visit);

/// The name of the site that an archive says it is of. Throws not_found if it does not say.
[[nodiscard]] std::string site_of_archive(const std::filesystem::path& archive, const Keys& keys);

}  // namespace wobackup
