// A server in a scratch folder, and the command line run on it in this process.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/run.h"
#include "fakes/scratch_folder.h"
#include "wobackup/json.h"

namespace wobackup::test {

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;

  [[nodiscard]] std::string both() const { return out + err; }
  /// stdout as JSON lines. Fails the test for a line that is none.
  [[nodiscard]] std::vector<Json> objects() const {
    std::vector<Json> found;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      Json object = Json::parse(line, nullptr, false);
      EXPECT_TRUE(object.is_object()) << line;
      found.push_back(std::move(object));
    }
    return found;
  }
  /// Those of one message_type.
  [[nodiscard]] std::vector<Json> objects(std::string_view type) const {
    std::vector<Json> found = objects();
    std::erase_if(found, [&](const Json& object) { return object.value("message_type", "") != type; });
    return found;
  }
};

[[nodiscard]] inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

[[nodiscard]] inline ::testing::AssertionResult contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "no \"" << part << "\" in:\n" << text;
}

/// What a run finds around itself.
struct Surroundings {
  bool at_terminal = false;
  bool colours = false;
  unsigned width = 80;
  std::string in = {};
  bool interrupted = false;
  int out_fd = 1, err_fd = 2;   ///< for a program that is given the streams
  std::string passphrase = {};  ///< what somebody at the terminal types when asked for it
};

constexpr Surroundings kTerminal{.at_terminal = true};
constexpr const char* kVariables[] = {"WOBACKUP_CONFIG",      "WOBACKUP_REGISTRY",        "WOBACKUP_STATE_DIR",
                                      "WOBACKUP_BACKUP_ROOT", "WOBACKUP_DEFAULTS_FILE",   "WOBACKUP_MIN_FREE",
                                      "WOBACKUP_THREADS",     "WOBACKUP_LEVEL",           "WOBACKUP_LIMIT_RATE",
                                      "WOBACKUP_IDENTITY",    "WOBACKUP_RECIPIENTS_FILE", "WOBACKUP_PASSPHRASE_FILE"};

/// A registry without sites at first, and a config file that keeps everything in the scratch folder.
class CommandLine : public ::testing::Test {
 protected:
  CommandLine() {
    for (const char* name : kVariables) ::unsetenv(name);
    sqlite3* opened = nullptr;
    EXPECT_EQ(::sqlite3_open(registry().c_str(), &opened), SQLITE_OK);
    database_.reset(opened);
    sql("CREATE TABLE sites (id INTEGER PRIMARY KEY, sitename TEXT, site_type TEXT, cache_type TEXT, site_path TEXT, "
        "created_on TEXT, is_enabled INT, is_ssl INT, storage_fs TEXT, storage_db TEXT, db_name TEXT, db_user TEXT, "
        "db_password TEXT, db_host TEXT, is_hhvm INT, php_version TEXT)");
    write_config();
  }
  ~CommandLine() override {
    for (const char* name : kVariables) ::unsetenv(name);
  }

  [[nodiscard]] std::filesystem::path root() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path registry() const { return root() / "dbase.db"; }
  [[nodiscard]] std::filesystem::path config_file() const { return root() / "wobackup.toml"; }
  [[nodiscard]] std::filesystem::path www(const std::string& site) const { return root() / "www" / site; }
  [[nodiscard]] std::filesystem::path archives(const std::string& site) const { return www(site) / "backup" / site; }

  void write(const std::filesystem::path& name, std::string_view content) const { folder_.write(name, content); }
  void write_config(const std::string& more = "") const {
    write("wobackup.toml", "registry = \"" + registry().string() + "\"\nstate_dir = \"" + (root() / "state").string() +
                               "\"\nmin_free = \"1K\"\n" + more);
    ::chmod(config_file().c_str(), 0600);
  }
  void sql(const std::string& text) const { run_sql(database_.get(), text); }

  /// A row of the registry, without anything on the disk. The texts may hold any bytes but a NUL.
  void add_row(const std::string& name, const std::string& type, const std::string& path, bool enabled = true) const {
    const std::unique_ptr<char, void (*)(void*)> statement(
        ::sqlite3_mprintf("INSERT INTO sites(sitename, site_type, site_path, is_enabled) VALUES(%Q, %Q, %Q, %d)",
                          name.c_str(), type.c_str(), path.c_str(), enabled ? 1 : 0),
        ::sqlite3_free);
    sql(statement.get());
  }
  /// A site without a database.
  void add_site(const std::string& name, const std::string& type = "html", bool enabled = true) const {
    add_row(name, type, www(name).string(), enabled);
    write(std::filesystem::path("www") / name / "htdocs/index.html", name);
  }
  /// WordPress with its SQLite integration: a database that needs no server.
  void add_wordpress(const std::string& name) const {
    add_site(name, "wp");
    const std::filesystem::path site = std::filesystem::path("www") / name;
    write(site / "wp-config.php", "<?php define('DB_ENGINE', 'sqlite');\n");
    write(site / "htdocs/wp-content/db.php", "<?php // SQLite integration\n");
    std::filesystem::create_directories(root() / site / "htdocs/wp-content/database");
    sqlite3* opened = nullptr;
    EXPECT_EQ(::sqlite3_open((root() / site / "htdocs/wp-content/database/.ht.sqlite").c_str(), &opened), SQLITE_OK);
    run_sql(opened, "CREATE TABLE wp_posts(id); CREATE TABLE wp_users(id); INSERT INTO wp_posts VALUES(1);");
    ::sqlite3_close(opened);
  }

  /// `wobackup <arguments>`, with the config file named by the environment.
  [[nodiscard]] Ran run(const std::vector<std::string>& arguments, const Surroundings& around = {}) const {
    if (std::getenv("WOBACKUP_CONFIG") == nullptr) ::setenv("WOBACKUP_CONFIG", config_file().c_str(), 1);
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in(around.in);
    cli::Terminal terminal{.out = out,
                           .err = err,
                           .in = in,
                           .out_is_terminal = around.at_terminal,
                           .err_is_terminal = around.at_terminal,
                           .in_is_terminal = around.at_terminal,
                           .width = around.width,
                           .colours = around.colours,
                           .interrupted = [&around] { return around.interrupted; },
                           .out_fd = around.out_fd,
                           .err_fd = around.err_fd};
    if (!around.passphrase.empty()) {
      terminal.ask_secret = [&](const std::string& question) {
        err << question << ": \n";
        return Secret(std::string_view(around.passphrase));
      };
    }
    const int code = cli::run(arguments, terminal);
    return {code, out.str(), err.str()};
  }
  /// A backup that works; the archive's path.
  [[nodiscard]] std::filesystem::path backed_up(const std::string& site,
                                                const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"--json", "create", site};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    const std::vector<Json> created = ran.objects("created");
    return created.empty() ? "" : created.back().value("archive", "");
  }
  /// What `info` tells of an archive, or of what a word names.
  [[nodiscard]] Json info(const std::string& what) const {
    const Ran ran = run({"--json", "info", what});
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    const std::vector<Json> found = ran.objects("summary");
    return found.empty() ? Json::object() : found.back();
  }

 private:
  static void run_sql(sqlite3* database, const std::string& text) {
    EXPECT_EQ(::sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << ::sqlite3_errmsg(database);
  }

  ScratchFolder folder_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_{nullptr, ::sqlite3_close};
};

}  // namespace wobackup::test
