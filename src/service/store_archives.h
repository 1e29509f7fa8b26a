// Which archives there are in stores elsewhere.
#pragma once

#include <filesystem>
#include <functional>
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

/// Whether an archive's path is one in a folder of this machine that is a store: by the config, or because backups were
/// written there as to one.
[[nodiscard]] bool lies_in_folder_store(const std::filesystem::path& archive, const Config& config);

/// As Service::last_recorded_in_stores.
[[nodiscard]] std::optional<SnapshotRef> last_recorded(const std::string& site, const Config& config);
/// The same of other archives in the ledger; `is_meant` answers for all in an archive's folder.
[[nodiscard]] std::optional<SnapshotRef> last_recorded(
    const std::string& site, const Config& config, const std::function<bool(const std::filesystem::path&)>& is_meant);

/// The sites that it has backups of, sorted.
[[nodiscard]] std::vector<std::string> sites_stored(OpenStore& store);

}  // namespace wobackup
