// Sites that live in one database.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "site/database_login.h"

namespace wobackup {

/// Databases that more than one of these sites uses, by name; `additional` ones count. Servers are compared as
/// same_server does. SQLite databases lie in their site's folder and are never shared.
[[nodiscard]] std::vector<SharedDatabase> shared_databases(
    const std::vector<std::pair<std::string, SiteDatabase>>& sites);

/// The same of all sites in the catalog. Reads their config files.
[[nodiscard]] std::vector<SharedDatabase> shared_databases_in(const Config& config);

}  // namespace wobackup
