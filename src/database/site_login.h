// With whose credentials a site's database is touched.
#pragma once

#include <string>

#include "base/cancellation.h"
#include "database/my_cnf.h"
#include "site/database_login.h"
#include "wobackup/config.h"

namespace wobackup {

/// A login that works.
struct SiteServerLogin {
  ServerLogin login;
  bool is_admin = false;
};

/// The site's own login as a server's.
[[nodiscard]] ServerLogin own_login(const DatabaseLogin& site_login);

/// For `database`, which the site's own login must be able to open, or else it may be another site's. With
/// `named_by_admin` (see SiteDatabase) the admin's login, if the settings allow it and it goes to the same server; else
/// the site's own. Throws Error dump.
[[nodiscard]] SiteServerLogin choose_site_login(const DatabaseLogin& site_login, const std::string& database,
                                                bool named_by_admin, const DatabaseDefaults& defaults,
                                                const Cancellation& cancellation);

}  // namespace wobackup
