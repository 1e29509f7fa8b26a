// What happens to a backup when its database is out of reach, refuses, goes away, or is not what it seems: the real
// command, a private MariaDB, and a server that lies.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bad_days/child.h"
#include "bad_days/rogue_server.h"
#include "fakes/private_mariadb.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::Child;
using test::Ended;
using test::RogueServer;
using test::ScratchFolder;

constexpr const char* kPassword = "p#w'\"\\ secret";

std::unique_ptr<test::PrivateMariadb> server;

class ServerEnvironment : public ::testing::Environment {
 public:
  void SetUp() override { server = std::make_unique<test::PrivateMariadb>(); }
  void TearDown() override { server.reset(); }
};
const auto* const environment = ::testing::AddGlobalTestEnvironment(new ServerEnvironment);

std::string php_text(const std::string& text) {
  std::string out;
  for (const char c : text) out += (c == '\\' || c == '\'') ? std::string("\\") + c : std::string(1, c);
  return "'" + out + "'";
}

// Of a file of /proc whose process has just ended: as far as it came.
std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Sites of the config file, each with a wp-config.php.
class DatabaseBadDays : public testing::Test {
 protected:
  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] static std::string own_host() { return "localhost:" + server->socket(); }
  [[nodiscard]] static std::string new_database(const std::string& privileges = "ALL PRIVILEGES") {
    static int count = 0;
    const std::string name = "bad" + std::to_string(++count);
    server->add_database(name, kPassword, privileges);
    server->run(name, "CREATE TABLE wp_options (id INT PRIMARY KEY, v TEXT); INSERT INTO wp_options VALUES (1,'one')");
    return name;
  }
  void add_site(const std::string& name, const std::string& database, const std::string& password,
                const std::string& host = own_host(), const std::string& user = "", const std::string& more = "") {
    folder_.write(fs::path(name) / "htdocs/index.php", "<?php");
    folder_.write(fs::path(name) / "wp-config.php",
                  "<?php\ndefine('DB_NAME', " + php_text(database) + ");\ndefine('DB_USER', " +
                      php_text(user.empty() ? database : user) + ");\ndefine('DB_PASSWORD', " + php_text(password) +
                      ");\ndefine('DB_HOST', " + php_text(host) + ");\n");
    sites_ += "[site.\"" + name + "\"]\npath = \"" + (root() / name).string() + "\"\ntype = \"wp\"\n" + more;
  }
  // `admin`: with root's login, as on a server.
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> arguments, bool admin = true,
                                                 const std::string& settings = "") {
    fs::remove(root() / "wobackup.toml");
    folder_.write("wobackup.toml", "registry = \"" + (root() / "none").string() + "\"\nstate_dir = \"" +
                                       (root() / "state").string() + "\"\nmin_free = \"1K\"\n" + settings +
                                       "[database]\nlock_wait = 60\n" +
                                       (admin ? "defaults_file = \"" + server->defaults_file().string() + "\"\n"
                                              : std::string("admin = false\n")) +
                                       sites_);
    fs::permissions(root() / "wobackup.toml", fs::perms::owner_read | fs::perms::owner_write);
    arguments.insert(arguments.begin(), {"--config", (root() / "wobackup.toml").string()});
    return arguments;
  }
  [[nodiscard]] Ended run(const std::vector<std::string>& arguments, bool admin = true) {
    const Ended ended = Child(command(arguments, admin)).wait();
    EXPECT_EQ(ended.output.find(kPassword), std::string::npos) << "the password was printed: " << ended.output;
    return ended;
  }
  // Published or not; and what a killed dump may leave.
  [[nodiscard]] std::vector<fs::path> debris() const {
    std::vector<fs::path> found;
    for (const auto& item : fs::recursive_directory_iterator(root())) {
      const std::string name = item.path().filename().string();
      if (name.find(".zst") != std::string::npos || name.find(".sql") != std::string::npos)
        found.push_back(item.path());
    }
    return found;
  }
  void expect_failed(const Ended& ended, const std::vector<std::string>& words, int exit_code = 20) const {
    EXPECT_EQ(ended.exit_code, exit_code) << ended.output;
    for (const std::string& word : words) {
      EXPECT_NE(ended.output.find(word), std::string::npos) << word << " in " << ended.output;
    }
    EXPECT_TRUE(debris().empty()) << debris().front();
  }

  ScratchFolder folder_;
  std::string sites_;
};

TEST_F(DatabaseBadDays, EverythingRight_MakesAWholeBackup) {
  add_site("a.example", new_database(), kPassword);
  for (const bool admin : {true, false}) {
    const Ended ended = run({"create", "a.example"}, admin);
    EXPECT_EQ(ended.exit_code, 0) << ended.output;
    EXPECT_NE(ended.output.find(", 1 table,"), std::string::npos) << ended.output;
  }
}

TEST_F(DatabaseBadDays, WrongPassword_Is20WithAHint) {
  add_site("a.example", new_database(), "wrong");
  expect_failed(run({"create", "a.example"}), {"database dump failed", "a.example", "Access denied", "1045", "Hint: "});
}

TEST_F(DatabaseBadDays, UnknownDatabase_Is20) {
  const std::string database = new_database();
  add_site("a.example", "nosuch", kPassword, own_host(), database);
  expect_failed(run({"create", "a.example"}), {"database dump failed", "nosuch", "Hint: "});
}

TEST_F(DatabaseBadDays, ServerThatIsNotThere_Is20) {
  add_site("a.example", "db", "pw", "localhost:" + (root() / "no.sock").string());
  expect_failed(run({"create", "a.example"}, false), {"2002", "is the database server running?"});
}

TEST_F(DatabaseBadDays, MissingPrivileges_AreNamedInAGrantToType) {
  add_site("a.example", new_database("SELECT"), kPassword);
  expect_failed(run({"create", "a.example"}, false), {"SHOW VIEW", "TRIGGER", "GRANT"});
}

TEST_F(DatabaseBadDays, MyIsamWithoutLockTables_IsNotedOnly) {
  const std::string database = new_database("SELECT, SHOW VIEW, TRIGGER, EVENT");
  server->run(database, "CREATE TABLE old (id INT) ENGINE=MyISAM; INSERT INTO old VALUES (1)");
  add_site("a.example", database, kPassword);
  const Ended ended = run({"create", "a.example"}, false);
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  EXPECT_NE(ended.output.find("could not be locked"), std::string::npos) << ended.output;
}

TEST_F(DatabaseBadDays, AnotherSitesDatabase_IsRefusedAndNotRead) {
  const std::string victim = new_database(), own = new_database();
  add_site("victim.example", victim, kPassword);
  // The hacked site names the victim's database, with its own login.
  add_site("evil.example", victim, kPassword, own_host(), own);
  expect_failed(run({"create", "evil.example"}), {"database dump failed", "evil.example"});
  // And so does a wp-config.php that differs from what the admin wrote down.
  add_site("liar.example", victim, kPassword, own_host(), "",
           "[site.\"liar.example\".database]\nname = \"" + own + "\"\n");
  const Ended liar = run({"create", "liar.example"});
  expect_failed(liar, {"liar.example", victim, own, "Hint: "});
}

TEST_F(DatabaseBadDays, OptionsInjectedByWpConfig_ReachNobody) {
  const std::string database = new_database();
  const std::vector<std::pair<std::string, std::string>> tries{
      {database + "\n[client]\nplugin-dir=/tmp/evil", kPassword},
      {database, std::string(kPassword) + "\"\n[mysqldump]\nresult-file=" + (root() / "pwned").string()},
      {"--result-file=" + (root() / "pwned").string(), kPassword}};
  int count = 0;
  for (const auto& [name, password] : tries) {
    const std::string site = "evil" + std::to_string(++count) + ".example";
    add_site(site, name, password, own_host(), database);
    expect_failed(run({"create", site}), {site});
    EXPECT_FALSE(fs::exists(root() / "pwned"));
  }
}

TEST_F(DatabaseBadDays, OneSitesDatabaseFails_TheOthersAreMade) {
  add_site("a.example", new_database(), kPassword);
  add_site("b.example", new_database(), "wrong");
  add_site("c.example", new_database(), kPassword);
  const Ended ended = run({"create", "--all"});
  EXPECT_EQ(ended.exit_code, 20) << ended.output;
  EXPECT_NE(ended.output.find("2 of 3 sites"), std::string::npos) << ended.output;
  EXPECT_EQ(debris().size(), 2U);
}

// A table that takes a while.
std::string large_database() {
  const std::string name = "large";
  server->add_database(name, kPassword);
  server->run(name,
              "CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO t SELECT seq, REPEAT(SHA2(seq, 512), 8000) "
              "FROM seq_1_to_120");
  return name;
}

TEST_F(DatabaseBadDays, SecretsAreNotInProcessLists_AndAKilledServerLeavesNothing) {
  add_site("a.example", large_database(), kPassword);
  for (const bool admin : {false, true}) {
    Child child(command({"create", "a.example", "--db"}, admin, "limit_rate = \"2M\"\n"));
    // Its dump program, once it runs.
    bool seen = false;
    for (int i = 0; i < 1000 && !seen; ++i) {
      std::this_thread::sleep_for(milliseconds(10));
      for (const auto& item : fs::directory_iterator("/proc")) {
        const std::string arguments = content(item.path() / "cmdline");
        if (arguments.find("mariadb-dump") == std::string::npos || arguments.find("large") == std::string::npos)
          continue;
        seen = true;
        EXPECT_EQ(arguments.find("secret"), std::string::npos);
        EXPECT_EQ(content(item.path() / "environ").find("secret"), std::string::npos);
        EXPECT_NE(arguments.find("--defaults-file=/dev/fd/"), std::string::npos) << arguments;
      }
    }
    EXPECT_TRUE(seen);
    server->kill_and_restart();
    expect_failed(child.wait(), {"database dump failed"});
  }
}

TEST_F(DatabaseBadDays, InterruptedWhileItWaitsForALock_EndsAndLeavesNothing) {
  const std::string database = new_database();
  server->run(database, "CREATE TABLE old (id INT) ENGINE=MyISAM");
  add_site("a.example", database, kPassword);
  const Cancellation never;
  DatabaseConnection blocker(server->root(), database, never);
  blocker.execute("LOCK TABLES old WRITE");
  Child child(command({"create", "a.example", "--db"}));
  DatabaseConnection watcher(server->root(), "", never);
  const std::string waiting = "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'LOCK TABLES%old%'";
  while (watcher.rows(waiting).empty()) std::this_thread::sleep_for(milliseconds(5));
  child.send(SIGINT);
  const Ended ended = child.wait();
  EXPECT_FALSE(watcher
                   .rows("SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = " +
                         blocker.rows("SELECT CONNECTION_ID()").at(0).at(0).value_or(""))
                   .empty())
      << "the lock was still held";
  expect_failed(ended, {}, 130);
}

TEST_F(DatabaseBadDays, MissingDumpProgram_Is20) {
  add_site("a.example", new_database(), kPassword);
  std::vector<std::string> arguments = command({"create", "a.example"});
  std::string config = content(root() / "wobackup.toml");
  config.insert(config.find("[database]\n") + 11, "dump_program = \"/nonexistent/mariadb-dump\"\n");
  std::ofstream(root() / "wobackup.toml") << config;
  expect_failed(Child(arguments).wait(), {"/nonexistent/mariadb-dump", "database.dump_program"});
}

TEST_F(DatabaseBadDays, RogueServerThatAsksForAFile_DoesNotGetIt) {
  RogueServer rogue;
  add_site("evil.example", "db", "pw", "127.0.0.1:" + std::to_string(rogue.port()));
  expect_failed(run({"create", "evil.example"}, false), {"database dump failed"});
  rogue.stop();
  EXPECT_TRUE(rogue.asked()) << "the client did not get as far as a query";
  EXPECT_EQ(rogue.received().find("root:"), std::string::npos) << "the file was sent";
}

}  // namespace
}  // namespace wobackup
