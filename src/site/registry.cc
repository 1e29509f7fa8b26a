#include "site/registry.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/text.h"
#include "site/site_record.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr int kLargestValue = 1 << 16;  // bytes; a registry value is a name or a path
constexpr std::size_t kMostSites = 100'000;

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { ::sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Error registry_error(const std::filesystem::path& path, int code, const std::string& message) {
  const std::string what = fmt::format("cannot read the WordOps registry {}: {}", path.string(), printable(message));
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorKind::failed, what, "another program holds it locked: try again in a moment", true);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Error(ErrorKind::failed, what, "the file is damaged: restore it, or name the sites in wobackup.toml");
    default:
      return Error(ErrorKind::failed, what);
  }
}

Database open_registry(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  sqlite3* raw = nullptr;
  const int code = ::sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) throw registry_error(path, code, raw == nullptr ? "no memory" : ::sqlite3_errmsg(raw));
  ::sqlite3_busy_timeout(raw, static_cast<int>(patience.count()));
  ::sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, kLargestValue * 32);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  return database;
}

// A row by column names, since WordOps versions have different sets of columns.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {
    for (int i = 0; i < ::sqlite3_column_count(statement); ++i) columns_[::sqlite3_column_name(statement, i)] = i;
  }

  [[nodiscard]] std::optional<std::string> text(const char* column) const {
    const auto place = columns_.find(column);
    if (place == columns_.end() || ::sqlite3_column_type(statement_, place->second) == SQLITE_NULL) return std::nullopt;
    const auto* bytes = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, place->second));
    const int size = ::sqlite3_column_bytes(statement_, place->second);
    if (bytes == nullptr) return std::nullopt;
    if (size > kLargestValue) {
      throw Error(ErrorKind::failed, fmt::format("its {} has {} bytes", column, size));
    }
    return std::string(bytes, static_cast<std::size_t>(size));
  }
  [[nodiscard]] std::optional<bool> truth(const char* column) const {
    const std::optional<std::string> value = text(column);
    if (!value) return std::nullopt;
    return *value == "1" || *value == "true" || *value == "True";
  }
  [[nodiscard]] std::optional<std::int64_t> number(const char* column) const {
    const auto place = columns_.find(column);
    if (place == columns_.end() || ::sqlite3_column_type(statement_, place->second) != SQLITE_INTEGER) {
      return std::nullopt;
    }
    return ::sqlite3_column_int64(statement_, place->second);
  }

 private:
  sqlite3_stmt* statement_;
  std::map<std::string, int, std::less<>> columns_;
};

Site site_of(const Row& row) {
  SiteRecord record;
  record.id = row.number("id");
  record.sitename = row.text("sitename").value_or("");
  record.site_type = row.text("site_type").value_or("html");
  record.cache_type = row.text("cache_type");
  record.site_path = row.text("site_path");
  record.created_on = row.text("created_on");
  record.is_enabled = row.truth("is_enabled");
  record.is_ssl = row.truth("is_ssl");
  record.storage_fs = row.text("storage_fs");
  record.storage_db = row.text("storage_db");
  record.db_name = row.text("db_name");
  record.db_user = row.text("db_user");
  record.db_host = row.text("db_host");
  record.php_version = row.text("php_version");
  return site_from_record(std::move(record), row.text("db_password"), SiteOrigin::registry);
}

Statement prepare(sqlite3* database, const char* sql, const std::filesystem::path& path) {
  sqlite3_stmt* raw = nullptr;
  const int code = ::sqlite3_prepare_v2(database, sql, -1, &raw, nullptr);
  if (code != SQLITE_OK) throw registry_error(path, code, ::sqlite3_errmsg(database));
  return Statement(raw);
}

void require_sites_table(sqlite3* database, const std::filesystem::path& path) {
  const Statement statement =
      prepare(database, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'sites'", path);
  const int code = ::sqlite3_step(statement.get());
  if (code == SQLITE_ROW) return;
  if (code != SQLITE_DONE) throw registry_error(path, code, ::sqlite3_errmsg(database));
  throw Error(ErrorKind::failed, fmt::format("{} has no table \"sites\"", path.string()),
              "is it the WordOps registry? The setting \"registry\" names it");
}

}  // namespace

std::vector<Site> read_registry(const std::filesystem::path& path, const LogSink& log,
                                std::chrono::milliseconds patience) {
  if (::access(path.c_str(), F_OK) != 0) {
    throw Error(ErrorKind::not_found, fmt::format("there is no WordOps registry at {}", path.string()),
                "set \"registry\" in wobackup.toml, or name the sites there: [site.\"example.com\"]");
  }
  const Database database = open_registry(path, patience);
  require_sites_table(database.get(), path);
  const Statement statement = prepare(database.get(), "SELECT * FROM sites ORDER BY sitename", path);
  std::map<std::string, Site> sites;
  while (true) {
    const int code = ::sqlite3_step(statement.get());
    if (code == SQLITE_DONE) break;
    if (code != SQLITE_ROW) throw registry_error(path, code, ::sqlite3_errmsg(database.get()));
    try {
      Site site = site_of(Row(statement.get()));
      if (sites.size() >= kMostSites) break;
      const std::string name = site.name;
      if (!sites.emplace(name, std::move(site)).second) throw Error(ErrorKind::failed, name + " is there twice");
    } catch (const Error& error) {
      if (log) log(LogLevel::warning, fmt::format("a row of the registry was left out: {}", error.message()));
    }
  }
  std::vector<Site> result;
  result.reserve(sites.size());
  for (auto& [name, site] : sites) result.push_back(std::move(site));
  return result;
}

}  // namespace wobackup
