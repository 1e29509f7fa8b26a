// Which archives there are in stores elsewhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/open_store.h"
#include "wobackup/snapshot.h"

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

}  // namespace wobackup
