// Where guards' backups go to and come back from.
#pragma once

#include <string>
#include <vector>

#include "guard/guard_stores.h"
#include "service/open_store.h"

namespace wobackup {

/// The stores of a guard's backup for which none was named, nor another root.
[[nodiscard]] std::vector<std::string> default_guard_stores(const Site& site, const Config& config);

/// For guards. What the environment refers to outlives it.
[[nodiscard]] GuardStores guard_stores(const StoreEnvironment& environment);

}  // namespace wobackup
