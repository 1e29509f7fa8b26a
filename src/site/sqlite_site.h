// Sites that keep their database in a file: WordPress' SQLite integration.
#pragma once

#include <optional>
#include <string>

#include "site/site_config.h"
#include "site/site_folder.h"
#include "wobackup/config.h"
#include "wobackup/site.h"

namespace wobackup {

/// The path of a site's SQLite database relative to its folder; nothing if the site has none. It is what the admin says
/// (not looked at here); else what WordPress uses when wp-content/db.php is the integration's drop-in: DB_DIR and
/// DB_FILE, by default wp-content/database/.ht.sqlite, free of links. `config` is the file that WordPress loads, if
/// any. Throws Error failed if the drop-in is at work but its file cannot be told, is missing, or lies outside of the
/// site's folder, and if nothing tells whether that file or the database that the registry names is in use.
[[nodiscard]] std::optional<std::string> sqlite_database_of(const SiteFolder& folder, const DatabaseSettings& settings,
                                                            const Site& site, const SiteConfig* config);

}  // namespace wobackup
