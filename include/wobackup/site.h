// A website in the catalog.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

/// The kinds that WordOps knows. `other` is any word that this version does not know; it is treated like `php`.
enum class SiteType { html, php, mysql, wp, wpsubdir, wpsubdomain, proxy, alias, subsite, other };

/// The registry's word ("wpsubdir").
[[nodiscard]] std::string_view name_of(SiteType type) noexcept;
/// From the registry's word; `other` for an unknown one.
[[nodiscard]] SiteType site_type_from(std::string_view word) noexcept;

/// One row of the WordOps registry (table `sites`), or the same facts from wobackup.toml or --site-json. Every value
/// may be missing: the registry has NULLs. The password is not here on purpose; see site/database_login.h.
struct SiteRecord {
  std::optional<std::int64_t> id;
  std::string sitename;
  std::string site_type = "html";
  std::optional<std::string> cache_type;
  std::optional<std::string> site_path;
  std::optional<std::string> created_on;
  std::optional<bool> is_enabled;
  std::optional<bool> is_ssl;
  std::optional<std::string> storage_fs;
  std::optional<std::string> storage_db;
  std::optional<std::string> db_name;
  std::optional<std::string> db_user;
  std::optional<std::string> db_host;
  std::optional<std::string> php_version;
};

/// Where the catalog learnt of a site.
enum class SiteOrigin { registry, config, given };

/// A site that backups can be made of. Plain data; copy freely. Its name is a valid host name in lower case.
struct Site {
  std::string name;
  SiteType type = SiteType::html;
  SiteOrigin origin = SiteOrigin::registry;
  SiteRecord record;
  std::filesystem::path path;  ///< absolute; the folder that holds htdocs/ and the config files
  bool enabled = true;
  /// The database password that the registry or --site-json gave, if any. Never printed or stored.
  std::optional<std::string> recorded_password;

  /// False for alias, proxy and subsite: they have no content of their own.
  [[nodiscard]] bool has_content() const noexcept;
  /// Whether the site's kind comes with a database (mysql, wp, wpsubdir, wpsubdomain, and others when one is named).
  [[nodiscard]] bool expects_database() const noexcept;
};

/// One database and all sites that use it, by name. A backup of one of them holds the content of all.
struct SharedDatabase {
  std::string database;
  std::string host;
  std::vector<std::string> sites;
};

/// The registered root of the site's web files: `<path>/htdocs`.
[[nodiscard]] std::filesystem::path htdocs_of(const Site& site);

}  // namespace wobackup
