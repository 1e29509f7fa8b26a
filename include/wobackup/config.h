// Settings, from /etc/wobackup/wobackup.toml and the environment. docs/configuration.md lists every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wobackup/keys.h"

namespace wobackup {

/// `[site."x".database]`: what the admin says of a site's database. Unset values are taken from wp-config.php and the
/// registry; values that are set must agree with those, unless `override_others`.
struct DatabaseSettings {
  std::optional<std::string> name;
  std::optional<std::string> user;
  std::optional<std::string> password;  ///< `password` or the content of `password_file`
  std::optional<std::string> host;      ///< as DB_HOST: `localhost`, `host:port`, `localhost:/path.sock`, `[::1]:3306`
  bool override_others = false;         ///< key `override`: do not compare with wp-config.php and the registry
  std::vector<std::string> additional;  ///< further databases, dumped to databases/<name>.sql with the same login
  std::optional<std::string> sqlite;    ///< path of an SQLite database, relative to the site's folder
  std::optional<bool> enabled;          ///< false: this site has no database, whatever its kind
};

/// `[site."x".autoupdate]`.
struct SiteAutoupdateSettings {
  bool enabled = true;               ///< false: `--all` passes this site over
  std::vector<std::string> exclude;  ///< plugins, besides those for all sites
};

/// `[encryption]`, `[site."x".encryption]`: whom archives are encrypted to. A site's own recipients stand instead of
/// those for all.
struct EncryptionSettings {
  std::optional<bool> enabled;  ///< false: not at all
  std::vector<std::string> recipients;
  std::optional<std::filesystem::path> recipients_file;
  bool passphrase = false;  ///< of all sites only: with that of Config::keys, where there are no recipients
  [[nodiscard]] bool has_recipients() const { return !recipients.empty() || recipients_file; }
};

/// `[site."x"]`.
struct SiteSettings {
  std::optional<std::filesystem::path> path;  ///< makes the site known if the registry does not have it
  std::optional<std::string>
      type;  ///< the registry's word; default for such a site: php, or wp if it has wp-config.php
  std::optional<std::filesystem::path> backup_root;
  std::vector<std::string> exclude;
  std::vector<std::string> include;  ///< further folders or files of the site's folder, e.g. "conf"
  std::vector<std::string> follow;   ///< links inside htdocs whose target's content belongs to the backup
  std::vector<std::string> checks;   ///< of guarded changes to this site, in place of GuardSettings::checks
  std::vector<std::string> stores;   ///< of its backups, in place of Config::stores
  DatabaseSettings database;
  SiteAutoupdateSettings autoupdate;
  EncryptionSettings encryption;
};

/// `[database]`: for all sites.
struct DatabaseDefaults {
  std::optional<std::filesystem::path> defaults_file;  ///< admin credentials, as a my.cnf; default: see docs
  std::optional<std::filesystem::path> dump_program;   ///< default: mariadb-dump, else mysqldump, from PATH
  std::chrono::seconds lock_wait{60};                  ///< how long to wait for read locks on MyISAM and Aria tables
  bool admin = true;                                   ///< false: never use admin credentials
};

/// `[server]`: the machine's web server and PHP, which are asked whether a restored site runs.
struct ServerSettings {
  std::optional<std::filesystem::path> php;  ///< default: the site's version as php8.3, else php, from PATH
  bool http_check = true;
  std::string http_address = "127.0.0.1";
  std::uint16_t http_port = 80;
  std::uint16_t https_port = 443;
  std::filesystem::path nginx = "/etc/nginx";  ///< where sites-available is
  std::filesystem::path page_cache = "/var/run/nginx-cache";
  std::filesystem::path web_logs = "/var/log/nginx";  ///< where <site>.error.log is
  bool reload_php = true;  ///< after a restore: systemctl reload php8.3-fpm, so that it forgets compiled scripts
};

/// `[autoupdate]`: WordPress' own updates, by WP-CLI.
struct AutoupdateSettings {
  std::optional<std::filesystem::path> wp;      ///< WP-CLI; default: wp, from PATH
  std::chrono::seconds timeout{900};            ///< for each of its commands
  bool minor_only = false;                      ///< as the option
  bool one_by_one = false;                      ///< as the option
  std::vector<std::string> exclude;             ///< plugins: "akismet" or "akismet/akismet.php"
  bool visual = true;                           ///< run the sites' conf/autoupdate-visual-cmd
  std::chrono::seconds visual_timeout{300};     ///< for each run of it
  std::vector<std::string> may_empty;           ///< globs of tables that an update may empty
  std::vector<std::string> one_by_one_exclude;  ///< globs: left out of the backups between single updates
  unsigned keep = 5;                            ///< complete backups of each site and reason
  unsigned reports = 30;                        ///< runs whose reports are kept
  std::filesystem::path unit_dir = "/etc/systemd/system";
};

/// `[guard]`: changes that can be taken back.
struct GuardSettings {
  std::vector<std::string> checks;  ///< as guard_check_from; empty: `http` and `wp`
  std::vector<std::string> stores;  ///< where their backups go; none: "local", and Config::stores or the site's
  /// Tables whose new rows are exported before a roll-back drops them; nothing: the known ones. See docs/guard.md.
  std::optional<std::vector<std::string>> keep_rows;
  std::optional<std::chrono::seconds> timeout;  ///< of a guarded command that names none
  bool live_load = false;                       ///< as in GuardOptions, for every guarded change
  std::chrono::milliseconds settle{3000};       ///< how long a page is asked for again before it counts as broken
};

/// `[store.x]`: where archives go. What is empty comes from where other programs have it: the AWS_* variables
/// and ~/.aws, or ssh's configuration. docs/stores.md.
struct StoreSettings {
  std::string name;      ///< empty: it has none, and is known by its URL
  std::string url;       ///< "s3://bucket/prefix", "sftp://user@host/folder", "/a/folder"
  std::string endpoint;  ///< of S3, as the next ones: "https://host:port"; empty: AWS
  std::string region;
  std::string profile;  ///< in the credentials file
  std::optional<std::filesystem::path> credentials_file;
  std::string addressing;  ///< "path", "host", or empty: as the server usually wants it
  std::string storage_class;
  std::string encryption;  ///< by the server: "AES256", "aws:kms"
  std::string kms_key;
  std::optional<std::filesystem::path> ca_file;
  std::vector<std::string> host_keys;  ///< of SFTP, as the next ones: "SHA256:..." or "ssh-ed25519 AAAA..."
  std::optional<std::filesystem::path> known_hosts;
  std::optional<std::filesystem::path> identity_file;
  std::vector<std::string> recipients;  ///< "age1...": of archives that are made for it; none: as for the site
  std::optional<unsigned> keep;         ///< complete backups of each site, type and reason; at least 1
  std::optional<std::chrono::seconds> stall_timeout;  ///< how long it may hold up the others; default 10 min
};

/// All settings with their defaults. Plain data: a program may also fill it itself.
struct Config {
  std::filesystem::path registry = "/var/lib/wo/dbase.db";
  std::filesystem::path state_dir = "/var/lib/wobackup";
  std::filesystem::path scratch_dir = "/var/tmp";       ///< where drills restore to
  std::filesystem::path log_dir = "/var/log/wobackup";  ///< reports of autoupdate
  std::optional<std::filesystem::path> backup_root;     ///< default <site_path>/backup; archives go to <root>/<site>/
  std::optional<std::uint64_t> min_free_bytes;  ///< default: the larger of 1 GiB and 5 %, at most 10 %, of the disk
  unsigned threads = 0;                         ///< compressing threads; 0: as many as cores, at most 4
  int level = 3;                                ///< zstd, 1 to 19
  std::uint64_t limit_rate = 0;                 ///< bytes of archive written per second; 0: no limit
  std::vector<std::string> exclude;
  std::vector<std::string> include;
  bool exclude_caches = false;
  DatabaseDefaults database;
  ServerSettings server;
  AutoupdateSettings autoupdate;
  GuardSettings guard;
  EncryptionSettings encryption;
  /// What opens encrypted archives.
  Keys keys;
  std::map<std::string, SiteSettings> site;
  std::map<std::string, StoreSettings> store;
  std::vector<std::string> stores;  ///< of a backup for which none was named; none: the site's own folder, "local"

  /// The file this came from, if any; messages name it.
  std::optional<std::filesystem::path> file;

  /// Reads `path`, or WOBACKUP_CONFIG, or /etc/wobackup/wobackup.toml; the last may be missing. WOBACKUP_* variables
  /// replace what the file says. Throws Error usage that names file and line for unknown keys and wrong values.
  static Config load(const std::optional<std::filesystem::path>& path = std::nullopt);

  /// The effective settings of a site: its own, after those for all (lists are joined).
  [[nodiscard]] SiteSettings for_site(const std::string& name) const;
};

}  // namespace wobackup
