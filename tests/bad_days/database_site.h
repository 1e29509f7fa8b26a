// Sites with real databases, in a registry, on a server of the tests' own: what the tests of bad database days share.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "bad_days/child.h"
#include "fakes/private_mariadb.h"
#include "fakes/scratch_folder.h"

namespace wobackup::test {

/// One server for the whole test program.
inline std::unique_ptr<PrivateMariadb> server;

/// The password of every site's login; must never be seen.
inline const std::string kSecret = "Tr0ub4dor-and-3";

inline bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Of a file of /proc whose process has just ended: as far as it came.
inline std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class DatabaseSites : public testing::Test {
 protected:
  DatabaseSites() {
    ::chmod(root().c_str(), 0755);
    EXPECT_EQ(::sqlite3_open((root() / "dbase.db").c_str(), &registry_), SQLITE_OK);
    sql("CREATE TABLE sites (id INTEGER PRIMARY KEY, sitename TEXT, site_type TEXT, cache_type TEXT, site_path TEXT, "
        "created_on TEXT, is_enabled INT, is_ssl INT, storage_fs TEXT, storage_db TEXT, db_name TEXT, db_user TEXT, "
        "db_password TEXT, db_host TEXT, is_hhvm INT, php_version TEXT)");
    write_config();
  }
  ~DatabaseSites() override { ::sqlite3_close(registry_); }

  [[nodiscard]] std::filesystem::path root() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path site_folder(const std::string& site) const { return root() / "www" / site; }
  [[nodiscard]] static std::string host() { return "localhost:" + server->socket(); }

  void sql(const std::string& text) {
    EXPECT_EQ(::sqlite3_exec(registry_, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << ::sqlite3_errmsg(registry_);
  }
  void write_config(const std::string& more = "[database]\nadmin = false\n") const {
    folder_.write("wobackup.toml", "registry = \"" + (root() / "dbase.db").string() + "\"\nstate_dir = \"" +
                                       (root() / "state").string() + "\"\nmin_free = \"1K\"\n" + more);
  }
  void use_admin() const { write_config("[database]\ndefaults_file = \"" + server->defaults_file().string() + "\"\n"); }

  /// A site as WordOps makes it, with a new database. Returns the database's name, which is its user's, too.
  std::string add_site(const std::string& site, const std::string& tables,
                       const std::string& privileges = "ALL PRIVILEGES") {
    static int count = 0;
    const std::string database = "site" + std::to_string(++count);
    server->add_database(database, kSecret, privileges);
    server->run(database, tables);
    folder_.write(std::filesystem::path("www") / site / "htdocs/index.php", "<?php");
    write_wp_config(site, database, database, kSecret, host());
    sql("INSERT INTO sites(sitename, site_type, site_path, is_enabled, db_name, db_user, db_password, db_host) "
        "VALUES('" +
        site + "','wp','" + site_folder(site).string() + "',1,'" + database + "','" + database + "','" + kSecret +
        "','" + host() + "')");
    return database;
  }
  /// The values as PHP takes them between single quotes.
  void write_wp_config(const std::string& site, const std::string& name, const std::string& user,
                       const std::string& password, const std::string& host) const {
    folder_.write(std::filesystem::path("www") / site / "wp-config.php",
                  "<?php\ndefine('DB_NAME', '" + name + "');\ndefine('DB_USER', '" + user +
                      "');\ndefine('DB_PASSWORD', '" + password + "');\ndefine('DB_HOST', '" + host + "');\n");
  }

  [[nodiscard]] std::vector<std::string> with_config(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--config", (root() / "wobackup.toml").string()});
    return arguments;
  }
  [[nodiscard]] Ended run(const std::vector<std::string>& arguments) const {
    Ended ended = Child(with_config(arguments)).wait();
    EXPECT_FALSE(holds(ended.output, kSecret)) << ended.output;
    return ended;
  }
  /// Whatever lies in a site's backup folder, hidden or not.
  [[nodiscard]] std::vector<std::filesystem::path> archives(const std::string& site) const {
    std::vector<std::filesystem::path> found;
    const auto folder = site_folder(site) / "backup";
    if (!std::filesystem::exists(folder)) return found;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
      if (!item.is_directory()) found.push_back(item.path());
    }
    return found;
  }
  /// The dump in a site's only archive, as plain tar gives it.
  [[nodiscard]] std::string dump_of(const std::string& site) const {
    const auto found = archives(site);
    if (found.size() != 1) {
      ADD_FAILURE() << found.size() << " files in the backup folder";
      return {};
    }
    const auto out = root() / "dump.sql";
    const std::string tar =
        "tar --zstd -xOf '" + found.front().string() + "' --wildcards '*/" + site + ".sql' > '" + out.string() + "'";
    EXPECT_EQ(std::system(tar.c_str()), 0) << found.front();
    return content_of(out);
  }
  /// That the run failed because of the dump, said why and what to do, and left nothing behind.
  void expect_dump_failed(const Ended& ended, const std::string& site, const std::vector<std::string>& words) const {
    EXPECT_EQ(ended.exit_code, 20) << ended.output;
    for (const std::string& word : words) EXPECT_TRUE(holds(ended.output, word)) << word << " in\n" << ended.output;
    EXPECT_TRUE(holds(ended.output, "Hint: ")) << ended.output;
    EXPECT_FALSE(holds(ended.output, kSecret)) << ended.output;
    EXPECT_TRUE(archives(site).empty()) << archives(site).front();
    expect_no_plain_dump();
  }
  void expect_no_plain_dump() const {
    for (const auto& item : std::filesystem::recursive_directory_iterator(root())) {
      if (!item.is_regular_file() || item.path().extension() == ".php") continue;
      EXPECT_FALSE(holds(content_of(item.path()), "CREATE TABLE `")) << item.path();
    }
  }

  ScratchFolder folder_;
  sqlite3* registry_ = nullptr;
};

}  // namespace wobackup::test
