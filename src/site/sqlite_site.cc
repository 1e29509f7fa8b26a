#include "site/sqlite_site.h"

#include <fmt/format.h>

#include "base/text.h"
#include "site/site_record.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestDropIn = std::size_t{1} << 20U;
constexpr const char* kDropIn = "htdocs/wp-content/db.php";
constexpr const char* kUsualFolder = "htdocs/wp-content/database";
constexpr const char* kUsualFile = ".ht.sqlite";

enum class Engine { unsaid, sqlite, other };

// DB_ENGINE, or DATABASE_TYPE in older versions of the integration.
Engine engine_of(const SiteConfig* config) {
  for (const char* constant : {"DB_ENGINE", "DATABASE_TYPE"}) {
    const PhpValue* value = config != nullptr ? config->find(constant) : nullptr;
    if (value == nullptr || !value->text) continue;
    return lower_ascii(*value->text) == "sqlite" ? Engine::sqlite : Engine::other;
  }
  return Engine::unsaid;
}

bool drop_in_is_at_work(const SiteFolder& folder, Engine engine) {
  try {
    const std::optional<std::string> drop_in = folder.read(kDropIn, kLargestDropIn);
    // Other plugins have a db.php too.
    return drop_in && (engine == Engine::sqlite || lower_ascii(*drop_in).find("sqlite") != std::string::npos);
  } catch (const Error&) {
    // Most sites have nothing to do with SQLite; those with htdocs elsewhere must not fail for it.
    if (engine == Engine::sqlite) throw;
    return false;
  }
}

// A constant's value; nothing if the file does not have it. A computed one is an error: a guess could be wrong.
std::optional<std::string> literal(const SiteConfig* config, const char* constant) {
  const PhpValue* value = config != nullptr ? config->find(constant) : nullptr;
  if (value == nullptr) return std::nullopt;
  if (value->text) return value->text;
  throw Error(ErrorKind::failed,
              fmt::format("{} {} in {}, line {}", constant, value->why, printable(config->file), value->line));
}

bool leads_out(const std::filesystem::path& relative) {
  return relative.empty() || relative == "." || relative.is_absolute() || *relative.begin() == "..";
}

// An absolute path that a constant names, relative to the site's folder.
std::filesystem::path inside(const SiteFolder& folder, const SiteConfig& config, const char* constant,
                             const std::string& value) {
  std::filesystem::path path = std::filesystem::path(value).lexically_normal().lexically_relative(folder.path());
  if (value.find('\0') == std::string::npos && !leads_out(path)) return path;
  throw Error(ErrorKind::failed, fmt::format("{} in {} is \"{}\", which is not in the site's folder", constant,
                                             printable(config.file), printable(value)));
}

// As the integration does: FQDB is the whole path, FQDBDIR or DB_DIR the folder, DB_FILE the name.
std::string path_in_use(const SiteFolder& folder, const SiteConfig* config) {
  if (const auto whole = literal(config, "FQDB")) return inside(folder, *config, "FQDB", *whole).string();
  std::filesystem::path directory = kUsualFolder;
  for (const char* constant : {"DB_DIR", "FQDBDIR"}) {
    if (const auto value = literal(config, constant)) directory = inside(folder, *config, constant, *value);
  }
  const std::string file = literal(config, "DB_FILE").value_or(kUsualFile);
  const std::filesystem::path path = std::filesystem::path(directory.string() + "/" + file).lexically_normal();
  if (file.find('\0') != std::string::npos || leads_out(path)) {
    throw Error(ErrorKind::failed, fmt::format("DB_FILE in {} is \"{}\", which is no file of the site",
                                               printable(config->file), printable(file)));
  }
  return path.string();
}

}  // namespace

std::optional<std::string> sqlite_database_of(const SiteFolder& folder, const DatabaseSettings& settings,
                                              const Site& site, const SiteConfig* config) {
  if (settings.sqlite) return settings.sqlite;
  const Engine engine = engine_of(config);
  // Where the admin or the site names a server, the file is left from a migration.
  if (settings.name || engine == Engine::other || !drop_in_is_at_work(folder, engine)) return std::nullopt;
  const std::string path = path_in_use(folder, config);
  const std::string name = printable((folder.path() / path).string());
  const std::optional<std::string> real = folder.without_links(path);
  if (real && !folder.has_file(*real)) {
    throw Error(ErrorKind::failed, fmt::format("the SQLite database {} is not a regular file", name));
  }
  if (!real && engine == Engine::unsaid) return std::nullopt;
  if (!real) {
    throw Error(ErrorKind::failed,
                fmt::format("{} says that the site uses SQLite, but there is no {}", printable(config->file), name));
  }
  const std::string server_name = site.record.db_name.value_or("");
  if (engine == Engine::unsaid && !server_name.empty()) {
    // The drop-in falls back to the server when its plugin is gone: which of the two is in use must not be guessed.
    throw Error(ErrorKind::failed, fmt::format("there is the SQLite database {}, but {} names the database \"{}\"",
                                               name, recorder_of(site), printable(server_name)));
  }
  return *real;
}

}  // namespace wobackup
