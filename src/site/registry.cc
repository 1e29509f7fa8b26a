#include "site/registry.h"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <string>
#include <utility>

#include "base/text.h"
#include "site/registry_file.h"
#include "site/site_record.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestText = 4096;  // bytes; a registry value is a name or a path
constexpr std::size_t kMostSites = 100'000;

// A row by column names, since WordOps versions have different sets of columns. A column that is not there is NULL.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {
    for (int i = 0; i < ::sqlite3_column_count(statement); ++i) columns_[::sqlite3_column_name(statement, i)] = i;
  }

  [[nodiscard]] std::optional<std::string> text(const char* column) const {
    const auto place = columns_.find(column);
    if (place == columns_.end() || ::sqlite3_column_type(statement_, place->second) == SQLITE_NULL) return std::nullopt;
    const auto* bytes = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, place->second));
    const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_, place->second));
    if (size > kLongestText) throw Error(ErrorKind::failed, fmt::format("its {} has {} bytes", column, size));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
  }
  [[nodiscard]] std::optional<bool> truth(const char* column) const {
    const std::optional<std::string> value = text(column);
    if (!value) return std::nullopt;
    return *value == "1" || lower_ascii(*value) == "true";
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

// Another limit for the size of values and rows, until its destructor.
class LengthLimit {
 public:
  LengthLimit(sqlite3* database, int bytes)
      : database_(database), before_(::sqlite3_limit(database, SQLITE_LIMIT_LENGTH, bytes)) {}
  LengthLimit(const LengthLimit&) = delete;
  LengthLimit& operator=(const LengthLimit&) = delete;
  ~LengthLimit() { ::sqlite3_limit(database_, SQLITE_LIMIT_LENGTH, before_); }

 private:
  sqlite3* database_;
  int before_;
};

class RegistryReader {
 public:
  RegistryReader(const std::filesystem::path& path, const LogSink& log, std::chrono::milliseconds patience,
                 std::vector<std::string>* left_out)
      : path_(path), log_(log), left_out_(left_out), database_(open_registry(path, patience)) {}

  std::vector<Site> run() {
    // One state of the table, although it is read by several statements.
    static_cast<void>(step(prepare(database_.get(), "BEGIN", path_)));
    require_whole_file();
    require_sites_table();
    const SqliteStatement ids = prepare(database_.get(), "SELECT rowid FROM sites ORDER BY rowid", path_);
    const SqliteStatement row = prepare(database_.get(), "SELECT * FROM sites WHERE rowid = ?1", path_);
    while (step(ids)) read_row(row, ::sqlite3_column_int64(ids.get(), 0));
    std::vector<Site> result;
    result.reserve(sites_.size());
    for (auto& [name, site] : sites_) result.push_back(std::move(site));
    return result;
  }

 private:
  [[nodiscard]] bool step(const SqliteStatement& statement) const {
    const int code = ::sqlite3_step(statement.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
      throw registry_error(path_, code, ::sqlite3_errmsg(database_.get()));
    }
    return code == SQLITE_ROW;
  }

  // A file that was cut off may read as one with fewer or empty rows: then sites would be missing without a word.
  void require_whole_file() const {
    // An enormous value is no damage. The check does not load values, but for those in the schema's CHECKs.
    static_cast<void>(step(prepare(database_.get(), "PRAGMA ignore_check_constraints = ON", path_)));
    const LengthLimit none(database_.get(), std::numeric_limits<int>::max());
    const SqliteStatement check = prepare(database_.get(), "PRAGMA quick_check(1)", path_);
    if (!step(check)) return;
    const auto* found = reinterpret_cast<const char*>(::sqlite3_column_text(check.get(), 0));
    const std::string text = found == nullptr ? "" : found;
    if (text != "ok") throw registry_error(path_, SQLITE_CORRUPT, text);
  }

  // A view or a virtual table would run what its maker wants.
  void require_sites_table() const {
    if (step(prepare(database_.get(),
                     "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'sites' AND rootpage > 0", path_))) {
      return;
    }
    throw Error(ErrorKind::failed, fmt::format("{} has no table \"sites\"", path_.string()),
                "is it the WordOps registry? The setting \"registry\" names it");
  }

  // Each row by itself, so that one with an enormous value costs only itself.
  void read_row(const SqliteStatement& statement, sqlite3_int64 id) {
    ::sqlite3_reset(statement.get());
    ::sqlite3_bind_int64(statement.get(), 1, id);
    const int code = ::sqlite3_step(statement.get());
    if (code == SQLITE_TOOBIG) return leave_out(id, "it holds an enormous value");
    if (code == SQLITE_DONE) throw registry_error(path_, SQLITE_CORRUPT, fmt::format("row {} is not there", id));
    if (code != SQLITE_ROW) throw registry_error(path_, code, ::sqlite3_errmsg(database_.get()));
    try {
      add(site_of(Row(statement.get())));
    } catch (const Error& error) {
      leave_out(id, error.message());
    }
    if (sites_.size() > kMostSites) {
      throw Error(ErrorKind::failed, fmt::format("{} has more than {} sites", path_.string(), kMostSites));
    }
  }

  void add(Site site) {
    const std::string name = site.name;
    if (!sites_.emplace(name, std::move(site)).second) throw Error(ErrorKind::failed, name + " is there twice");
  }

  void leave_out(sqlite3_int64 id, const std::string& why) const {
    std::string text = fmt::format("row {} of the WordOps registry was left out: {}", id, why);
    if (left_out_ != nullptr) {
      left_out_->push_back(std::move(text));
    } else if (log_) {
      log_(LogLevel::warning, text);
    }
  }

  const std::filesystem::path& path_;
  const LogSink& log_;
  std::vector<std::string>* left_out_;
  SqliteHandle database_;
  std::map<std::string, Site> sites_;
};

}  // namespace

std::vector<Site> read_registry(const std::filesystem::path& path, const LogSink& log,
                                std::chrono::milliseconds patience, std::vector<std::string>* left_out) {
  return RegistryReader(path, log, patience, left_out).run();
}

}  // namespace wobackup
