// A registry as WordOps makes it.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace wobackup::test {

/// The columns of the table `sites`, as WordOps declares them.
constexpr const char* kSitesTable =
    "CREATE TABLE sites (id INTEGER NOT NULL, sitename VARCHAR, site_type VARCHAR, cache_type VARCHAR,"
    " site_path VARCHAR, created_on DATETIME, is_enabled BOOLEAN NOT NULL, is_ssl BOOLEAN, storage_fs VARCHAR,"
    " storage_db VARCHAR, db_name VARCHAR, db_user VARCHAR, db_password VARCHAR, db_host VARCHAR, is_hhvm BOOLEAN,"
    " php_version VARCHAR, PRIMARY KEY (id), UNIQUE (sitename), CHECK (is_enabled IN (0, 1)))";

/// An open SQLite database, to write the registry's file with. Closed by the destructor.
class MadeRegistry {
 public:
  /// Makes the file, with an empty table of sites unless `table` says otherwise.
  explicit MadeRegistry(std::filesystem::path path, const std::string& table = kSitesTable) : path_(std::move(path)) {
    if (::sqlite3_open(path_.c_str(), &database_) != SQLITE_OK) throw std::runtime_error("sqlite3_open failed");
    run("PRAGMA synchronous = OFF");
    run(table);
  }
  MadeRegistry(const MadeRegistry&) = delete;
  MadeRegistry& operator=(const MadeRegistry&) = delete;
  ~MadeRegistry() { ::sqlite3_close(database_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void run(const std::string& sql) const {
    if (::sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sql.substr(0, 200) + ": " + ::sqlite3_errmsg(database_));
    }
  }
  /// A site with a name, a path and nothing else but what it cannot do without. Both are SQL expressions.
  void add(const std::string& name_sql, const std::string& path_sql) const {
    run("INSERT INTO sites (sitename, site_path, is_enabled) VALUES (" + name_sql + ", " + path_sql + ", 1)");
  }
  void add_site(const std::string& name) const { add("'" + name + "'", "'/var/www/" + name + "'"); }

 private:
  std::filesystem::path path_;
  sqlite3* database_ = nullptr;
};

}  // namespace wobackup::test
