// A backup that goes straight to stores.
#pragma once

#include <string>
#include <vector>

#include "service/open_store.h"
#include "snapshot/create.h"

namespace wobackup {

/// The stores of a backup for which none was named: none means the site's own folder alone. REQUIRES: no other root was
/// named either.
[[nodiscard]] const std::vector<std::string>& default_stores(const Site& site, const Config& config);

/// As Service::create with options.stores, which has at least one. Afterwards, of the stores with `keep`, what is
/// beyond it is removed. Throws not_found and usage for the stores before anything is done.
[[nodiscard]] Created create_to_stores(const Site& site, const CreateOptions& options,
                                       const StoreEnvironment& environment);

}  // namespace wobackup
