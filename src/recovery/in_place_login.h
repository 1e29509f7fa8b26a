// Who restores a database in place.
#pragma once

#include <string>

#include "base/cancellation.h"
#include "database/site_login.h"
#include "recovery/restore_in_place.h"
#include "wobackup/site.h"

namespace wobackup {

/// The admin's login, if it may be used for this database, else the site's. A database that is gone is made again, with
/// this default collation if the server has it (empty: with the server's own, which is logged). REQUIRES: the database
/// has a login. Throws Error failed, dump.
[[nodiscard]] SiteServerLogin in_place_login(const Site& site, const SiteDatabase& database,
                                             const std::string& collation, const InPlaceEnvironment& environment,
                                             const Cancellation& cancellation);

}  // namespace wobackup
