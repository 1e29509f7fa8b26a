// Dumping, loading and comparing databases of the tests' own server.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file_access.h"
#include "base/subprocess.h"
#include "base/system_error.h"
#include "fakes/private_mariadb.h"
#include "fakes/scratch_folder.h"
#include "target/database/dump_loader.h"
#include "target/database/shadow_database.h"

namespace wobackup::test {

/// One server for all tests of the program.
class LoadedDatabase : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!server_) server_ = std::make_unique<PrivateMariadb>();
  }

  static PrivateMariadb& server() { return *server_; }

  DatabaseConnection connect(const std::string& database = "") const {
    return DatabaseConnection(server().root(), database, never_);
  }

  /// A new database with this in it.
  static std::string database_of(const std::string& sql) {
    const std::string name = "site" + std::to_string(++number_);
    server().run("", "CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;");
    if (!sql.empty()) server().run(name, sql);
    return name;
  }

  /// As backups are made.
  std::filesystem::path dump_of(const std::string& database, std::vector<std::string> more = {}) const {
    const auto file = folder_ / (database + ".sql");
    std::vector<std::string> argv{"mariadb-dump",
                                  "--no-defaults",
                                  "--user=root",
                                  "--socket=" + server().socket(),
                                  "--single-transaction",
                                  "--quick",
                                  "--hex-blob",
                                  "--routines",
                                  "--triggers",
                                  "--events",
                                  "--skip-dump-date",
                                  "--default-character-set=utf8mb4",
                                  "--order-by-primary",
                                  "--max-allowed-packet=1G",
                                  "--result-file=" + file.string()};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back(database);
    const Collected result = run_collecting({std::move(argv), {}, {}, std::nullopt}, std::chrono::minutes(2));
    EXPECT_TRUE(result.status.success()) << result.err;
    return file;
  }

  static FileAccess open_dump(const std::filesystem::path& file) {
    UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) throw system_error("open", errno);
    return FileAccess(std::move(fd), std::filesystem::file_size(file), file.filename().string());
  }

  ShadowDatabase make_shadow(const std::string& like = "") const {
    return ShadowDatabase(server().root(), {new_shadow_name("test"), like, {}, true}, never_);
  }

  /// By a scan of the dump, as the temporary user.
  LoadResult load(const std::filesystem::path& file, const ShadowDatabase& shadow,
                  const LoadOptions& options = {}) const {
    const FileAccess dump = open_dump(file);
    return load_dump(dump, layout_by_scan(dump, never_), {shadow.name(), shadow.login(), std::nullopt}, options,
                     never_);
  }

  /// All rows as one text, with the database's own name taken out.
  static std::string listed(DatabaseConnection& connection, const std::string& database, const std::string& sql) {
    std::string text;
    for (const SqlRow& row : connection.rows(sql)) {
      for (const auto& value : row) text += value.value_or("NULL") + "|";
      text += "\n";
    }
    for (std::size_t at = 0; (at = text.find(database, at)) != std::string::npos;)
      text.replace(at, database.size(), "D");
    return text;
  }

  /// Definitions and checksums of everything in a database: equal if and only if the databases are.
  std::map<std::string, std::string> contents(const std::string& database) const {
    DatabaseConnection connection = connect(database);
    const std::string of = " WHERE %_SCHEMA = '" + database + "' ORDER BY 1, 2";
    const auto from = [&of](std::string sql, const std::string& prefix) {
      return sql + std::string(of).replace(of.find('%'), 1, prefix);
    };
    std::map<std::string, std::string> all;
    const std::string tables = "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES";
    for (const SqlRow& row : connection.rows(from(tables, "TABLE"))) {
      const std::string name = quoted_name(*row[0]);
      if (*row[1] == "VIEW") continue;
      const bool sequence = *row[1] == "SEQUENCE";
      all["create " + *row[0]] = listed(connection, database, "SHOW CREATE TABLE " + name);
      all["sum " + *row[0]] =
          listed(connection, database, sequence ? "SELECT * FROM " + name : "CHECKSUM TABLE " + name);
    }
    all["views"] = listed(connection, database,
                          from("SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, SECURITY_TYPE, ALGORITHM, "
                               "CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.VIEWS",
                               "TABLE"));
    all["triggers"] = listed(connection, database,
                             from("SELECT TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_STATEMENT, "
                                  "ACTION_TIMING, ACTION_ORDER, SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION "
                                  "FROM information_schema.TRIGGERS",
                                  "TRIGGER"));
    all["routines"] = listed(connection, database,
                             from("SELECT ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION, "
                                  "IS_DETERMINISTIC, SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, "
                                  "CHARACTER_SET_CLIENT FROM information_schema.ROUTINES",
                                  "ROUTINE"));
    all["events"] = listed(connection, database,
                           from("SELECT EVENT_NAME, EVENT_DEFINITION, EVENT_TYPE, INTERVAL_VALUE, INTERVAL_FIELD, "
                                "SQL_MODE, ON_COMPLETION, EVENT_COMMENT FROM information_schema.EVENTS",
                                "EVENT"));
    return all;
  }

  /// Databases and users of the server.
  std::string inhabitants() const {
    DatabaseConnection connection = connect();
    return listed(connection, "-", "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1") +
           listed(connection, "-", "SELECT User, Host FROM mysql.user ORDER BY 1, 2") +
           listed(connection, "-", "SELECT Db, User, Host FROM mysql.db ORDER BY 1, 2, 3");
  }

  ScratchFolder folder_;
  Cancellation never_;

 private:
  static inline std::unique_ptr<PrivateMariadb> server_;  // NOLINT
  static inline int number_ = 0;                          // NOLINT
};

}  // namespace wobackup::test
