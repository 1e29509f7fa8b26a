// What a hacked site can do with its wp-config.php: a server of its own, options for the dump program, other sites'
// databases. The real command, and the parts of it that talk to servers.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "bad_days/database_site.h"
#include "bad_days/rogue_server.h"
#include "base/subprocess.h"
#include "database/inventory.h"
#include "source/database/dump_program.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::Child;
using test::Ended;
using test::holds;
using test::kSecret;
using test::RogueServer;
using test::server;
using Trick = RogueServer::Trick;

constexpr const char* kVictim = "CREATE TABLE orders (id INT); INSERT INTO orders VALUES (424242);";
constexpr const char* kOwn = "CREATE TABLE posts (id INT); INSERT INTO posts VALUES (1);";

ServerLogin login_to(const RogueServer& rogue) {
  ServerLogin login;
  login.user = "somebody";
  login.host.host = "127.0.0.1";
  login.host.port = rogue.port();
  return login;
}

std::string php(const std::string& text) {
  std::string out;
  for (const char c : text) out += (c == '\\' || c == '\'') ? std::string("\\") + c : std::string(1, c);
  return out;
}

class HostileDatabase : public test::DatabaseSites {
 protected:
  void host_is(const std::string& site, const std::string& database, const RogueServer& rogue) {
    write_wp_config(site, database, database, kSecret, "127.0.0.1:" + std::to_string(rogue.port()));
    sql("UPDATE sites SET db_host = NULL");
  }
  Cancellation never_;
};

TEST_F(HostileDatabase, RogueServer_GetsTheFileFromAClientThatAllowsIt) {  // else the next tests prove nothing
  RogueServer rogue;
  static_cast<void>(
      run_collecting({.argv = {"mariadb", "--no-defaults", "--local-infile=1", "--protocol=TCP", "--host=127.0.0.1",
                               "--port=" + std::to_string(rogue.port()), "--user=x", "--execute=DO 1"},
                      .environment = {},
                      .inherit = {},
                      .run_as = {}},
                     std::chrono::minutes(1)));
  rogue.stop();
  EXPECT_TRUE(holds(rogue.received(), "root:"));
}

TEST_F(HostileDatabase, RogueServer_GetsNoFileFromOurConnection) {
  for (const int harmless : {0, 1, 3}) {
    RogueServer rogue(Trick::ask_for_file, harmless);
    try {
      DatabaseConnection connection(login_to(rogue), "", never_);
      for (int i = 0; i <= harmless; ++i) connection.execute("DO 1");
      ADD_FAILURE() << "the query worked";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::dump) << error.message();
    }
    rogue.stop();
    EXPECT_TRUE(rogue.asked());
    EXPECT_FALSE(holds(rogue.received(), "root:"));
  }
}

TEST_F(HostileDatabase, RogueServer_GetsNoFileFromTheDumpProgram) {
  for (const bool as_nobody : {true, false}) {
    for (const int harmless : {0, 1, 3}) {
      RogueServer rogue(Trick::ask_for_file, harmless);
      EXPECT_THROW(run_dump_program(
                       find_dump_program({}), login_to(rogue), "db", {}, as_nobody, [](ByteSpan) {}, never_),
                   Error);
      rogue.stop();
      EXPECT_TRUE(rogue.asked());
      EXPECT_FALSE(holds(rogue.received(), "root:")) << harmless;
    }
  }
}

TEST_F(HostileDatabase, RogueServer_SeesNeitherTheAdminsLoginNorAFile) {
  const std::string database = add_site("evil.example", kOwn);
  use_admin();
  RogueServer rogue;
  host_is("evil.example", database, rogue);
  const Ended ended = run({"create", "evil.example"});
  rogue.stop();
  EXPECT_EQ(ended.exit_code, 20) << ended.output;
  EXPECT_TRUE(archives("evil.example").empty());
  EXPECT_TRUE(holds(rogue.logins(), database));
  EXPECT_FALSE(holds(rogue.logins(), "root"));
  EXPECT_FALSE(holds(rogue.received(), "root:"));
}

TEST_F(HostileDatabase, HostThatDiffersFromTheRegistrys_IsNotCalled) {
  const std::string database = add_site("evil.example", kOwn);
  RogueServer rogue;
  write_wp_config("evil.example", database, database, kSecret, "127.0.0.1:" + std::to_string(rogue.port()));
  expect_dump_failed(run({"create", "evil.example"}), "evil.example", {"host", "registry"});
  EXPECT_EQ(rogue.clients(), 0);
}

TEST_F(HostileDatabase, EndlessAnswer_IsCutShort) {
  const std::string database = add_site("evil.example", kOwn);
  RogueServer rogue(Trick::endless_rows);
  host_is("evil.example", database, rogue);
  expect_dump_failed(run({"create", "evil.example"}), "evil.example", {"answer is too long"});
  EXPECT_LT(rogue.sent_bytes(), std::uint64_t{100} << 20U);
}

TEST_F(HostileDatabase, EndlessNames_AreCutShort) {
  for (int harmless = 0; harmless < 5; ++harmless) {
    RogueServer rogue(Trick::endless_rows, harmless);
    try {
      DatabaseConnection connection(login_to(rogue), "", never_);
      static_cast<void>(take_inventory(connection));
      ADD_FAILURE() << harmless;
    } catch (const Error& error) {
      EXPECT_TRUE(holds(error.message(), "too long")) << error.message();
    }
    EXPECT_LT(rogue.sent_bytes(), std::uint64_t{100} << 20U);
  }
}

TEST_F(HostileDatabase, SilentServer_DoesNotHoldUpAnInterruption) {
  const std::string database = add_site("evil.example", kOwn);
  RogueServer rogue(Trick::silence);
  host_is("evil.example", database, rogue);
  Child child(with_config({"create", "evil.example"}));
  while (rogue.clients() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  child.send(SIGINT);
  const Ended ended = child.wait();
  EXPECT_EQ(ended.exit_code, 130) << ended.output;
  EXPECT_TRUE(archives("evil.example").empty());
}

TEST_F(HostileDatabase, AnotherSitesDatabase_IsRefusedWhateverIsKnownOfIt) {
  const std::string victim = add_site("victim.example", kVictim);
  const std::string own = add_site("evil.example", kOwn);
  use_admin();
  write_wp_config("evil.example", victim, own, kSecret, host());
  expect_dump_failed(run({"create", "evil.example"}), "evil.example", {victim, own, "registry"});
  sql("UPDATE sites SET db_name = NULL, db_user = NULL, db_password = NULL, db_host = NULL");
  expect_dump_failed(run({"create", "evil.example"}), "evil.example", {"1044", victim});
}

// MariaDB on Debian lets the system's root in as its own root, without a password, through the socket.
TEST_F(HostileDatabase, RootWithoutPassword_IsNotWhoWeAreForASite) {
  const std::string victim = add_site("victim.example", kVictim);
  static_cast<void>(add_site("evil.example", kOwn));
  sql("UPDATE sites SET db_name = NULL, db_user = NULL, db_password = NULL, db_host = NULL");
  write_wp_config("evil.example", victim, "root", "", host());
  server->run("", "ALTER USER root@localhost IDENTIFIED VIA unix_socket;");
  const Ended ended = run({"create", "evil.example"});
  server->run("", "ALTER USER root@localhost IDENTIFIED BY '';");
  expect_dump_failed(ended, "evil.example", {"Access denied"});
}

TEST_F(HostileDatabase, PasswordOfAnyCharacters_ReachesServerAndDumpProgramAsItIs) {
  int count = 0;
  for (const std::string& password :
       {std::string("a\n[mysqldump]\nresult-file=/tmp/x"), std::string("\"'#;\\n\\s\\\\"), std::string("  spaces\t "),
        std::string("\\\"\n#"), std::string("\r\nx=\b\x01\x7f"), std::string("pä$$wört ${HOME} %s"),
        std::string(200, '\\')}) {
    const std::string site = "s" + std::to_string(++count) + ".example";
    const std::string database = add_site(site, kOwn);
    DatabaseConnection(server->root(), "", never_)
        .execute("SET PASSWORD FOR " + quoted_name(database) + "@localhost = PASSWORD('" + php(password) + "')");
    write_wp_config(site, database, database, php(password), host());
    sql("UPDATE sites SET db_password = NULL");
    const Ended ended = run({"create", site});
    EXPECT_EQ(ended.exit_code, 0) << count << ended.output;
  }
}

// An option file's lines are cut at 4 KB: what follows would be an option of its own.
TEST_F(HostileDatabase, LongPassword_DoesNotBecomeAnOption) {
  const std::string database = add_site("evil.example", kOwn);
  ::chmod(root().c_str(), 0777);
  const fs::path pwned = root() / "pwned";
  for (const std::size_t line : {std::size_t{4094}, std::size_t{4095}, std::size_t{8190}}) {
    const std::string password = std::string(line - 10, 'A') + "result-file=" + pwned.string() + " #";
    DatabaseConnection(server->root(), "", never_)
        .execute("SET PASSWORD FOR " + quoted_name(database) + "@localhost = PASSWORD('" + password + "')");
    write_wp_config("evil.example", database, database, password, host());
    sql("UPDATE sites SET db_password = NULL");
    const Ended ended = run({"create", "evil.example"});
    expect_dump_failed(ended, "evil.example", {"too long"});
    EXPECT_LT(ended.output.size(), 2000U);
    EXPECT_FALSE(fs::exists(pwned));
  }
}

TEST_F(HostileDatabase, NamesThatLookLikeOptions_AreNames) {
  int count = 0;
  for (const std::string& name : {std::string("--result-file=pwned"), std::string("-e"), std::string("a b`c\"d'e"),
                                  std::string("ünï"), std::string("%"), std::string("x.y")}) {
    const std::string site = "s" + std::to_string(++count) + ".example";
    server->add_database(name, kSecret);
    DatabaseConnection connection(server->root(), name, never_);
    connection.execute("CREATE TABLE posts (id INT)");
    connection.execute("INSERT INTO posts VALUES (1)");
    folder_.write(fs::path("www") / site / "htdocs/index.php", "<?php");
    write_wp_config(site, php(name), php(name), kSecret, host());
    sql("INSERT INTO sites(sitename, site_type, site_path, is_enabled) VALUES('" + site + "','wp','" +
        site_folder(site).string() + "',1)");
    const Ended ended = run({"create", site});
    EXPECT_EQ(ended.exit_code, 0) << name << ended.output;
    EXPECT_TRUE(holds(dump_of(site), "INSERT INTO `posts`")) << name;
  }
}

}  // namespace
}  // namespace wobackup
