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

}  // namespace wobackup
