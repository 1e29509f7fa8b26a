// The config file's sections, and the environment over it.
#include "wobackup/config.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "base/file_io.h"
#include "base/host_name.h"
#include "base/text.h"
#include "config/toml_reader.h"

namespace wobackup {
namespace {

constexpr const char* kDefaultFile = "/etc/wobackup/wobackup.toml";
constexpr std::size_t kLargestFile = std::size_t{4} << 20U;

template <class T, class U>
void assign(T& to, const std::optional<U>& value) {
  if (value) to = static_cast<T>(*value);
}

template <class T>
void assign(std::optional<T>& to, std::optional<T> value) {
  if (value) to = std::move(value);
}

bool stays_inside(const std::string& path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string::npos) return false;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
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

bool others_can_read(const std::filesystem::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

void read_password(TomlReader& reader, const std::filesystem::path& file, DatabaseSettings& database) {
  database.password = reader.text("password");
  if (database.password && others_can_read(file)) {
    throw reader.wrong("password", "stands in a file that other users can read",
                       fmt::format("chmod 600 {}, or use password_file", file.string()));
  }
  const auto password_file = reader.absolute_path("password_file");
  if (!password_file) return;
  if (database.password) throw reader.wrong("password_file", "and password are both set");
  if (others_can_read(*password_file)) {
    throw reader.wrong("password_file", "names a file that other users can read",
                       fmt::format("chmod 600 {}", password_file->string()));
  }
  std::string content = read_small_file(*password_file, 4096);
  while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
  database.password = std::move(content);
}

DatabaseSettings database_settings(const toml::table& table, const std::string& section,
                                   const std::filesystem::path& file) {
  TomlReader reader(table, section, file);
  DatabaseSettings database;
  database.name = reader.text("name");
  database.user = reader.text("user");
  database.host = reader.text("host");
  read_password(reader, file, database);
  assign(database.override_others, reader.truth("override"));
  database.additional = reader.texts("additional");
  for (const std::string& name : database.additional) {
    if (name.empty() || name.find('/') != std::string::npos || name.find('\0') != std::string::npos || name == "." ||
        name == "..") {
      throw reader.wrong("additional", fmt::format("holds \"{}\", which cannot name a file", printable(name)));
    }
  }
  database.sqlite = reader.text("sqlite");
  if (database.sqlite && !stays_inside(*database.sqlite)) {
    throw reader.wrong("sqlite", "must be a path relative to the site's folder");
  }
  database.enabled = reader.truth("enabled");
  reader.finish();
  return database;
}

SiteSettings site_settings(const toml::table& table, const std::string& section, const std::filesystem::path& file) {
  TomlReader reader(table, section, file);
  SiteSettings site;
  site.path = reader.absolute_path("path");
  site.type = reader.text("type");
  site.backup_root = reader.absolute_path("backup_root");
  site.exclude = reader.texts("exclude");
  site.include = paths_inside(reader, "include");
  site.follow = paths_inside(reader, "follow");
  if (const toml::table* database = reader.table("database")) {
    site.database = database_settings(*database, section + ".database", file);
  }
  reader.finish();
  return site;
}

void read_database_defaults(const toml::table& table, const std::filesystem::path& file, DatabaseDefaults& database) {
  TomlReader reader(table, "database", file);
  assign(database.defaults_file, reader.absolute_path("defaults_file"));
  assign(database.dump_program, reader.absolute_path("dump_program"));
  if (const auto wait = reader.duration_seconds("lock_wait")) database.lock_wait = std::chrono::seconds(*wait);
  assign(database.admin, reader.truth("admin"));
  reader.finish();
}

void read_sites(TomlReader& root, const std::filesystem::path& file, Config& config) {
  const toml::table* sites = root.table("site");
  if (sites == nullptr) return;
  for (const auto& [key, node] : *sites) {
    const std::string section = fmt::format("site.\"{}\"", key.str());
    const std::optional<std::string> name = host_name(key.str());
    if (!name) {
      throw Error(ErrorKind::usage, fmt::format("{}:{}: \"{}\" is not a host name", file.string(),
                                                key.source().begin.line, printable(key.str())));
    }
    if (node.as_table() == nullptr) throw root.wrong("site", fmt::format("\"{}\" must be a table", *name));
    config.site[*name] = site_settings(*node.as_table(), section, file);
  }
}

void read_file(const std::filesystem::path& file, Config& config) {
  const std::string content = read_small_file(file, kLargestFile);
  toml::table table;
  try {
    table = toml::parse(content, file.string());
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::usage,
                fmt::format("{}:{}: {}", file.string(), error.source().begin.line, printable(error.description())));
  }
  TomlReader reader(table, "", file);
  assign(config.registry, reader.absolute_path("registry"));
  assign(config.state_dir, reader.absolute_path("state_dir"));
  assign(config.backup_root, reader.absolute_path("backup_root"));
  assign(config.min_free_bytes, reader.size_bytes("min_free"));
  assign(config.threads, reader.number("threads", 0, 64));
  assign(config.level, reader.number("level", 1, 19));
  assign(config.limit_rate, reader.size_bytes("limit_rate"));
  config.exclude = reader.texts("exclude");
  config.include = paths_inside(reader, "include");
  assign(config.exclude_caches, reader.truth("exclude_caches"));
  if (const toml::table* database = reader.table("database")) read_database_defaults(*database, file, config.database);
  read_sites(reader, file, config);
  reader.finish();
  config.file = file;
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

template <class Parse>
void from_environment(const char* name, const char* expected, Parse parse) {
  const std::optional<std::string> value = environment(name);
  if (value && !parse(*value)) {
    throw Error(ErrorKind::usage, fmt::format("the environment variable {} must be {}", name, expected));
  }
}

bool set_path(std::filesystem::path& to, const std::string& value) {
  if (!value.starts_with('/')) return false;
  to = value;
  return true;
}

void read_environment(Config& config) {
  constexpr const char* kPath = "an absolute path";
  const auto path_into = [](std::optional<std::filesystem::path>& to) {
    return [&to](const std::string& value) { return set_path(to.emplace(), value); };
  };
  const auto number_into = [](auto& to, std::uint64_t least, std::uint64_t most) {
    return [&to, least, most](const std::string& value) {
      const auto number = size_from(value);
      if (!number || *number < least || *number > most) return false;
      to = static_cast<std::remove_reference_t<decltype(to)>>(*number);
      return true;
    };
  };
  from_environment("WOBACKUP_REGISTRY", kPath, [&](const auto& value) { return set_path(config.registry, value); });
  from_environment("WOBACKUP_STATE_DIR", kPath, [&](const auto& value) { return set_path(config.state_dir, value); });
  from_environment("WOBACKUP_BACKUP_ROOT", kPath, path_into(config.backup_root));
  from_environment("WOBACKUP_DEFAULTS_FILE", kPath, path_into(config.database.defaults_file));
  std::uint64_t min_free_bytes = 0;
  from_environment("WOBACKUP_MIN_FREE", "a size such as 2G", number_into(min_free_bytes, 0, UINT64_MAX));
  if (environment("WOBACKUP_MIN_FREE")) config.min_free_bytes = min_free_bytes;
  from_environment("WOBACKUP_THREADS", "a number from 0 to 64", number_into(config.threads, 0, 64));
  from_environment("WOBACKUP_LEVEL", "a number from 1 to 19", number_into(config.level, 1, 19));
  from_environment("WOBACKUP_LIMIT_RATE", "a size such as 20M", number_into(config.limit_rate, 0, UINT64_MAX));
}

}  // namespace

Config Config::load(const std::optional<std::filesystem::path>& path) {
  Config config;
  const std::optional<std::string> named = path ? std::optional(path->string()) : environment("WOBACKUP_CONFIG");
  if (named) {
    try {
      read_file(*named, config);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::usage) throw;
      throw Error(ErrorKind::usage, error.message(), error.hint());
    }
  } else if (::access(kDefaultFile, F_OK) == 0) {
    read_file(kDefaultFile, config);
  }
  read_environment(config);
  return config;
}

SiteSettings Config::for_site(const std::string& name) const {
  const auto place = site.find(name);
  SiteSettings settings = place == site.end() ? SiteSettings{} : place->second;
  settings.exclude.insert(settings.exclude.begin(), exclude.begin(), exclude.end());
  settings.include.insert(settings.include.begin(), include.begin(), include.end());
  return settings;
}

}  // namespace wobackup
