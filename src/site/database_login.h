// Which database belongs to a site, and how to log in to it. docs/threat-model.md, "Whose database".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "site/database_host.h"
#include "wobackup/config.h"
#include "wobackup/site.h"

namespace wobackup {

/// The site's own login. Its password is never printed.
struct DatabaseLogin {
  std::string name;
  std::string user;
  std::string password;
  DatabaseHost host;
};

/// What a site keeps besides its htdocs.
struct SiteDatabase {
  std::vector<std::string> config_files;  ///< names in the site's folder: every *-config.php
  std::optional<DatabaseLogin> login;
  std::vector<std::string> additional;  ///< further databases for the same login
  bool named_by_admin = false;        ///< the registry or the config names it, not only a file that the site can write
  std::optional<std::string> sqlite;  ///< path relative to the site's folder

  [[nodiscard]] bool has_database() const noexcept { return login.has_value() || sqlite.has_value(); }
};

/// Reads the site's config files and compares them with registry and config. Throws Error dump when they contradict
/// each other, when a value is computed by PHP and nobody else gives it, when a config file cannot be read, or when a
/// kind of site that needs a database has none; the hint says how to settle it. With `want_login` false (a backup of
/// files only) it never throws for these reasons.
[[nodiscard]] SiteDatabase resolve_database(const Site& site, const SiteSettings& settings, bool want_login);

}  // namespace wobackup
