#include "config/config_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "base/file_io.h"
#include "base/host_name.h"
#include "base/system_error.h"
#include "base/text.h"
#include "config/store_section.h"
#include "config/toml_reader.h"
#include "wobackup/guard.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestFile = std::size_t{4} << 20U;
constexpr std::size_t kLargestPassword = 4096;
constexpr std::array<std::string_view, 9> kSiteTypes{"html",        "php",   "mysql", "wp",     "wpsubdir",
                                                     "wpsubdomain", "proxy", "alias", "subsite"};

// A file of the admin's: links are followed, as /etc is often managed with them.
struct AdminFile {
  std::string content;
  bool others_read = false;
};

AdminFile read_admin_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) throw system_error(fmt::format("cannot read {}", path.string()), errno);
  const bool strangers_file = status.st_uid != 0 && status.st_uid != ::geteuid();
  if (strangers_file || (status.st_mode & S_IWOTH) != 0) {
    throw Error(ErrorKind::usage, fmt::format("{} can be changed by other users: it is not used", path.string()),
                fmt::format("chown root {0} && chmod go-w {0}", path.string()));
  }
  return {read_small_file(fd.get(), limit_bytes, path.string()), (status.st_mode & (S_IRGRP | S_IROTH)) != 0};
}

// What all sections of one file need to know.
struct FileContext {
  const std::filesystem::path& path;
  bool others_read;
};

template <class T, class U>
void assign(T& to, const std::optional<U>& value) {
  if (value) to = static_cast<T>(*value);
}

bool stays_inside(const std::string& path) {
  if (path.empty() || path.front() == '/') return false;
  const auto parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

std::vector<std::string> paths_inside(TomlReader& reader, std::string_view key) {
  std::vector<std::string> paths = reader.texts(key);
  for (std::string& path : paths) {
    if (path.ends_with('/')) path.pop_back();
    if (!stays_inside(path)) {
      throw reader.wrong(
          key, fmt::format("holds \"{}\", which is not a path inside the site's folder", printable(path)),
          "write it relative to the site's folder, without \"..\": \"conf\", \"htdocs/wp-content/uploads\"");
    }
  }
  return paths;
}

std::vector<std::string> globs(TomlReader& reader, std::string_view key) {
  std::vector<std::string> patterns = reader.texts(key);
  for (const std::string& pattern : patterns) {
    if (pattern.empty()) throw reader.wrong(key, "holds an empty pattern");
  }
  return patterns;
}

std::optional<std::string> not_empty(TomlReader& reader, std::string_view key) {
  std::optional<std::string> value = reader.text(key);
  if (value && value->empty()) throw reader.wrong(key, "must not be empty", "leave the line out");
  return value;
}

std::optional<std::string> password_of(TomlReader& reader, const FileContext& file) {
  std::optional<std::string> password = reader.text("password");
  if (password && file.others_read) {
    throw reader.wrong("password", "stands in a file that other users can read",
                       fmt::format("chmod 600 {}, or use password_file", file.path.string()));
  }
  const auto password_file = reader.absolute_path("password_file");
  if (!password_file) return password;
  if (password) throw reader.wrong("password_file", "and password are both set", "keep one of them");
  try {
    AdminFile secret = read_admin_file(*password_file, kLargestPassword);
    if (secret.others_read) {
      throw Error(ErrorKind::usage, fmt::format("{} can be read by other users", password_file->string()),
                  fmt::format("chmod 600 {}", password_file->string()));
    }
    while (secret.content.ends_with('\n') || secret.content.ends_with('\r')) secret.content.pop_back();
    return std::move(secret.content);
  } catch (const Error& error) {
    throw reader.wrong("password_file", "cannot be used: " + printable(error.message()), printable(error.hint()));
  }
}

std::vector<std::string> additional_databases(TomlReader& reader) {
  std::vector<std::string> names = reader.texts("additional");
  std::set<std::string> seen;
  for (const std::string& name : names) {
    // It becomes databases/<name>.sql in the archive.
    if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
      throw reader.wrong("additional", fmt::format("holds \"{}\", which cannot name a file", printable(name)));
    }
    if (!seen.insert(name).second) {
      throw reader.wrong("additional", fmt::format("holds \"{}\" twice", printable(name)));
    }
  }
  return names;
}

DatabaseSettings database_settings(const toml::table& table, const std::string& section, const FileContext& file) {
  TomlReader reader(table, section, file.path);
  DatabaseSettings database;
  database.name = not_empty(reader, "name");
  database.user = not_empty(reader, "user");
  database.host = reader.text("host");
  database.password = password_of(reader, file);
  assign(database.override_others, reader.truth("override"));
  database.additional = additional_databases(reader);
  database.sqlite = reader.text("sqlite");
  if (database.sqlite && !stays_inside(*database.sqlite)) {
    throw reader.wrong("sqlite", "must be a path relative to the site's folder, without \"..\"");
  }
  if (database.sqlite && database.name) throw reader.wrong("sqlite", "and name are both set", "keep one of them");
  database.enabled = reader.truth("enabled");
  reader.finish();
  return database;
}

SiteAutoupdateSettings site_autoupdate(const toml::table& table, const std::string& section, const FileContext& file) {
  TomlReader reader(table, section, file.path);
  SiteAutoupdateSettings autoupdate;
  assign(autoupdate.enabled, reader.truth("enabled"));
  autoupdate.exclude = globs(reader, "exclude");
  reader.finish();
  return autoupdate;
}

std::vector<std::string> guard_checks(TomlReader& reader) {
  std::vector<std::string> checks = reader.texts("checks");
  for (const std::string& check : checks) {
    try {
      static_cast<void>(guard_check_from(check));
    } catch (const Error& error) {
      throw reader.wrong("checks", "holds one that cannot be used: " + error.message(), error.hint());
    }
  }
  return checks;
}

EncryptionSettings encryption_settings(TomlReader& reader) {
  EncryptionSettings settings;
  settings.enabled = reader.truth("enabled");
  settings.recipients = reader.texts("recipients");
  for (const std::string& recipient : settings.recipients) {
    try {
      check_recipient(recipient);
    } catch (const Error& error) {
      throw reader.wrong("recipients", "cannot be used: " + error.message(), error.hint());
    }
  }
  settings.recipients_file = reader.absolute_path("recipients_file");
  return settings;
}

EncryptionSettings site_encryption(const toml::table& table, const std::string& section, const FileContext& file) {
  TomlReader reader(table, section, file.path);
  EncryptionSettings settings = encryption_settings(reader);
  reader.finish();
  return settings;
}

SiteSettings site_settings(const toml::table& table, const std::string& section, const FileContext& file) {
  TomlReader reader(table, section, file.path);
  SiteSettings site;
  site.path = reader.absolute_path("path");
  site.type = reader.text("type");
  if (site.type && std::find(kSiteTypes.begin(), kSiteTypes.end(), *site.type) == kSiteTypes.end()) {
    throw reader.wrong("type", fmt::format("is \"{}\", which is no kind of site", printable(*site.type)),
                       fmt::format("the kinds are {}", fmt::join(kSiteTypes, ", ")));
  }
  site.backup_root = reader.absolute_path("backup_root");
  site.exclude = globs(reader, "exclude");
  site.include = paths_inside(reader, "include");
  site.follow = paths_inside(reader, "follow");
  site.checks = guard_checks(reader);
  site.stores = reader.texts("stores");
  if (const toml::table* database = reader.table("database")) {
    site.database = database_settings(*database, section + ".database", file);
  }
  if (const toml::table* autoupdate = reader.table("autoupdate")) {
    site.autoupdate = site_autoupdate(*autoupdate, section + ".autoupdate", file);
  }
  if (const toml::table* encryption = reader.table("encryption")) {
    site.encryption = site_encryption(*encryption, section + ".encryption", file);
  }
  reader.finish();
  return site;
}

// Whose keys are of no use to anybody must not look as if they were.
void require_somebody(const TomlReader& reader, const EncryptionSettings& settings, bool has_passphrase) {
  if (settings.enabled == true && !settings.has_recipients() && !has_passphrase) {
    throw reader.wrong("enabled", "is true, and nobody is named who could open what is encrypted",
                       "set recipients or recipients_file; `wobackup key generate` makes a key");
  }
}

std::vector<std::string> command(TomlReader& reader, std::string_view key) {
  std::vector<std::string> argv = reader.texts(key);
  if (!argv.empty() && argv.front().empty()) throw reader.wrong(key, "begins with an empty text: that is no program");
  return argv;
}

void read_encryption(TomlReader& root, const FileContext& file, Config& config) {
  const toml::table* table = root.table("encryption");
  if (table == nullptr) return;
  TomlReader reader(*table, "encryption", file.path);
  config.encryption = encryption_settings(reader);
  KeySources sources;
  for (std::string& path : reader.texts("identities")) {
    if (!path.starts_with('/')) throw reader.wrong("identities", "holds a path that is not absolute");
    sources.identity_files.emplace_back(std::move(path));
  }
  sources.identity_command = command(reader, "identity_command");
  sources.passphrase_file = reader.absolute_path("passphrase_file");
  sources.passphrase_command = command(reader, "passphrase_command");
  if (sources.passphrase_file && !sources.passphrase_command.empty()) {
    throw reader.wrong("passphrase_command", "and passphrase_file are both set", "keep one of them");
  }
  config.encryption.passphrase = sources.has_passphrase();
  require_somebody(reader, config.encryption, config.encryption.passphrase);
  reader.finish();
  config.keys = Keys(std::move(sources));
}

// [site.example.com] is a table "com" in a table "example".
void refuse_name_without_quotes(const TomlReader& sites, std::string_view key, const toml::table& table) {
  for (const auto& [inner, node] : table) {
    const bool section = inner.str() == "database" || inner.str() == "autoupdate" || inner.str() == "encryption";
    if (!node.is_table() || section) continue;
    throw sites.wrong(key, "is cut at a dot", "write the site's name in quotes: [site.\"example.com\"]");
  }
}

void read_sites(TomlReader& root, const FileContext& file, Config& config) {
  const toml::table* sites = root.table("site");
  if (sites == nullptr) return;
  const TomlReader reader(*sites, "site", file.path);
  for (const auto& [key, node] : *sites) {
    const std::optional<std::string> name = host_name(key.str());
    if (!name) throw reader.wrong(key.str(), "is not a host name", "a site's name looks like \"example.com\"");
    if (!node.is_table()) throw reader.wrong(key.str(), "must be a table");
    refuse_name_without_quotes(reader, key.str(), *node.as_table());
    SiteSettings settings = site_settings(*node.as_table(), fmt::format("site.\"{}\"", *name), file);
    if (!config.site.emplace(*name, std::move(settings)).second) {
      throw reader.wrong(key.str(), "is there twice, in capital and small letters");
    }
  }
}

void read_database_defaults(TomlReader& root, const FileContext& file, DatabaseDefaults& database) {
  const toml::table* table = root.table("database");
  if (table == nullptr) return;
  TomlReader reader(*table, "database", file.path);
  assign(database.defaults_file, reader.absolute_path("defaults_file"));
  assign(database.dump_program, reader.absolute_path("dump_program"));
  if (const auto wait = reader.duration_seconds("lock_wait")) database.lock_wait = std::chrono::seconds(*wait);
  assign(database.admin, reader.truth("admin"));
  reader.finish();
}

void read_server(TomlReader& root, const FileContext& file, ServerSettings& server) {
  const toml::table* table = root.table("server");
  if (table == nullptr) return;
  TomlReader reader(*table, "server", file.path);
  assign(server.php, reader.absolute_path("php"));
  assign(server.http_check, reader.truth("http_check"));
  assign(server.http_address, reader.text("http_address"));
  assign(server.http_port, reader.number("http_port", 1, 65535));
  assign(server.https_port, reader.number("https_port", 1, 65535));
  assign(server.nginx, reader.absolute_path("nginx"));
  assign(server.page_cache, reader.absolute_path("page_cache"));
  assign(server.web_logs, reader.absolute_path("web_logs"));
  assign(server.reload_php, reader.truth("reload_php"));
  reader.finish();
}

std::optional<std::chrono::seconds> time_limit(TomlReader& reader, std::string_view key) {
  const auto seconds = reader.duration_seconds(key);
  if (!seconds) return std::nullopt;
  if (*seconds == 0) throw reader.wrong(key, "must not be zero", "for example \"15m\"");
  return std::chrono::seconds(*seconds);
}

void read_autoupdate(TomlReader& root, const FileContext& file, AutoupdateSettings& autoupdate) {
  const toml::table* table = root.table("autoupdate");
  if (table == nullptr) return;
  TomlReader reader(*table, "autoupdate", file.path);
  assign(autoupdate.wp, reader.absolute_path("wp"));
  assign(autoupdate.timeout, time_limit(reader, "timeout"));
  assign(autoupdate.minor_only, reader.truth("minor_only"));
  assign(autoupdate.one_by_one, reader.truth("one_by_one"));
  autoupdate.exclude = globs(reader, "exclude");
  assign(autoupdate.visual, reader.truth("visual"));
  assign(autoupdate.visual_timeout, time_limit(reader, "visual_timeout"));
  autoupdate.may_empty = globs(reader, "may_empty");
  autoupdate.one_by_one_exclude = globs(reader, "one_by_one_exclude");
  assign(autoupdate.keep, reader.number("keep", 1, 1000));
  assign(autoupdate.reports, reader.number("reports", 1, 10000));
  assign(autoupdate.unit_dir, reader.absolute_path("unit_dir"));
  reader.finish();
}

void read_guard(TomlReader& root, const FileContext& file, GuardSettings& guard) {
  const toml::table* table = root.table("guard");
  if (table == nullptr) return;
  TomlReader reader(*table, "guard", file.path);
  guard.checks = guard_checks(reader);
  guard.stores = reader.texts("stores");
  if (table->contains("keep_rows")) guard.keep_rows = globs(reader, "keep_rows");
  if (const auto timeout = reader.duration_seconds("timeout")) guard.timeout = std::chrono::seconds(*timeout);
  assign(guard.live_load, reader.truth("live_load"));
  if (const auto settle = reader.duration_seconds("settle")) guard.settle = std::chrono::seconds(*settle);
  reader.finish();
}

toml::table parse(const std::string& content, const std::filesystem::path& file) {
  try {
    return toml::parse(content, file.string());
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::usage,
                fmt::format("{}:{}: {}", file.string(), error.source().begin.line, printable(error.description())));
  }
}

void read_sections(const std::filesystem::path& path, Config& config) {
  const AdminFile content = read_admin_file(path, kLargestFile);
  const toml::table table = parse(content.content, path);
  const FileContext file{path, content.others_read};
  TomlReader reader(table, "", path);
  assign(config.registry, reader.absolute_path("registry"));
  assign(config.state_dir, reader.absolute_path("state_dir"));
  assign(config.scratch_dir, reader.absolute_path("scratch_dir"));
  assign(config.log_dir, reader.absolute_path("log_dir"));
  assign(config.backup_root, reader.absolute_path("backup_root"));
  assign(config.min_free_bytes, reader.size_bytes("min_free"));
  assign(config.threads, reader.number("threads", 0, 64));
  assign(config.level, reader.number("level", 1, 19));
  assign(config.limit_rate, reader.size_bytes("limit_rate"));
  config.exclude = globs(reader, "exclude");
  config.include = paths_inside(reader, "include");
  assign(config.exclude_caches, reader.truth("exclude_caches"));
  read_database_defaults(reader, file, config.database);
  read_server(reader, file, config.server);
  read_autoupdate(reader, file, config.autoupdate);
  read_guard(reader, file, config.guard);
  read_encryption(reader, file, config);
  read_sites(reader, file, config);
  read_stores(reader, path, config);
  config.stores = reader.texts("stores");
  reader.finish();
  require_known_stores(reader, config.stores, config);
  require_known_stores(reader, config.guard.stores, config);
  for (const auto& [name, site] : config.site) require_known_stores(reader, site.stores, config);
  config.file = path;
}

}  // namespace

void read_config_file(const std::filesystem::path& file, Config& config) {
  try {
    read_sections(file, config);
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, error.message(), error.hint());
  }
}

}  // namespace wobackup
