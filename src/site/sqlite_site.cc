#include "site/sqlite_site.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestDropIn = std::size_t{1} << 20U;
constexpr const char* kDropIn = "htdocs/wp-content/db.php";
constexpr const char* kUsualFolder = "htdocs/wp-content/database";
constexpr const char* kUsualFile = ".ht.sqlite";

enum class Engine { unsaid, sqlite, other };

// DB_ENGINE, or DATABASE_TYPE in older versions of the integration.
Engine engine_of(const std::optional<SiteConfig>& config) {
  for (const char* constant : {"DB_ENGINE", "DATABASE_TYPE"}) {
    const PhpValue* value = config ? config->find(constant) : nullptr;
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
std::optional<std::string> literal(const std::optional<SiteConfig>& config, const char* constant) {
  const PhpValue* value = config ? config->find(constant) : nullptr;
  if (value == nullptr) return std::nullopt;
  if (value->text) return value->text;
  throw Error(ErrorKind::failed,
              fmt::format("{} {} in {}, line {}", constant, value->why, printable(config->file), value->line));
}

bool leads_out(const std::filesystem::path& relative) {
  return relative.empty() || relative.is_absolute() || *relative.begin() == "..";
}

std::string path_in_use(const SiteFolder& folder, const std::optional<SiteConfig>& config) {
  std::filesystem::path path = kUsualFolder;
  if (const auto directory = literal(config, "DB_DIR")) {
    path = std::filesystem::path(*directory).lexically_normal().lexically_relative(folder.path());
    if (leads_out(path)) {
      throw Error(ErrorKind::failed, fmt::format("DB_DIR in {} is \"{}\", which is not in the site's folder",
                                                 printable(config->file), printable(*directory)));
    }
  }
  const std::string file = literal(config, "DB_FILE").value_or(kUsualFile);
  const std::filesystem::path whole = (path.string() + "/" + file);
  if (file.find('\0') != std::string::npos || leads_out(whole.lexically_normal())) {
    throw Error(ErrorKind::failed, fmt::format("DB_FILE in {} is \"{}\", which is no file of the site",
                                               printable(config->file), printable(file)));
  }
  return whole.lexically_normal().string();
}

}  // namespace

std::optional<std::string> sqlite_database_of(const SiteFolder& folder, const DatabaseSettings& settings,
                                              const std::optional<SiteConfig>& config) {
  if (settings.sqlite) return settings.sqlite;
  const Engine engine = engine_of(config);
  // Where the admin or the site names a server, the file is left from a migration.
  if (settings.name || engine == Engine::other || !drop_in_is_at_work(folder, engine)) return std::nullopt;
  const std::string path = path_in_use(folder, config);
  const std::string name = printable((folder.path() / path).string());
  const std::optional<std::string> real = folder.without_links(path);
  if (real && folder.has_file(*real)) return *real;
  if (real) throw Error(ErrorKind::failed, fmt::format("the SQLite database {} is not a regular file", name));
  if (engine == Engine::unsaid) return std::nullopt;
  throw Error(ErrorKind::failed,
              fmt::format("{} says that the site uses SQLite, but there is no {}", printable(config->file), name));
}

}  // namespace wobackup
