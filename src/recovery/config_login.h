// A restored wp-config.php that names another database login than the site has now.
#pragma once

#include <string>
#include <vector>

#include "site/database_login.h"
#include "wobackup/site.h"

namespace wobackup {

/// A site that was deleted and made again has a new database, user and password, and the backup's config file knows
/// the old ones. Gives the staged config files (`staged`: the site as it lies in the stage, where nobody else can
/// write) the login that the site has now; what else they say stays. Returns the names of the files that were changed;
/// says in `notes` if one needs to be and could not.
std::vector<std::string> keep_login(const Site& staged, const DatabaseLogin& login, std::vector<std::string>& notes);

}  // namespace wobackup
