// Databases of sites whose backups are in stores, with a server of the tests' own.
#include <filesystem>

#include "cli/store_command_line.h"
#include "fakes/private_mariadb.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;
using Words = std::vector<std::string>;

test::PrivateMariadb& server() {
  static test::PrivateMariadb server;
  return server;
}

// The site d.example, whose database "shop" has one table.
class StoredDatabase : public test::StoreCommandLine {
 protected:
  StoredDatabase() {
    server().run("", "DROP DATABASE IF EXISTS shop; DROP USER IF EXISTS 'shop'@'localhost'");
    server().add_database("shop", "pw");
    server().run("shop", "CREATE TABLE orders (id INT PRIMARY KEY, what TEXT); INSERT INTO orders VALUES (1, 'then')");
    add_site("d.example", "wp");
    sql("UPDATE sites SET db_name = 'shop', db_user = 'shop', db_password = 'pw' WHERE sitename = 'd.example'");
    write_login("pw");
    with_admin(true);
  }
  void write_login(const std::string& password) const {
    write("www/d.example/wp-config.php",
          "<?php define('DB_NAME', 'shop'); define('DB_USER', 'shop'); "
          "define('DB_PASSWORD', '" +
              password + "'); define('DB_HOST', 'localhost:" + server().socket() + "');\n");
  }
  void with_admin(bool admin) const {
    write_stores({.first = "[database]\ndefaults_file = \"" + server().defaults_file().string() +
                           "\"\nadmin = " + (admin ? "true" : "false") + "\n"});
  }
  void change() const {
    server().run("shop", "UPDATE orders SET what = 'since'; INSERT INTO orders VALUES (2, 'new')");
  }
  [[nodiscard]] std::string content() const {
    const fs::path archive = backed_up("d.example", {"--db"});
    const Ran dumped = run({"dump", archive.string(), "--table", "orders"});
    EXPECT_EQ(dumped.exit_code, 0) << dumped.both();
    fs::remove(archive);
    const std::size_t values = dumped.out.find("VALUES");
    const std::string text = values == std::string::npos ? "" : dumped.out.substr(values);
    return text.substr(0, text.find(';'));
  }
  [[nodiscard]] Ran restore(const std::string& store, Words more = {}) const {
    more.insert(more.begin(), {"restore", "d.example", "--in-place", "--db", "--no-check", "--yes", "--from", store});
    return run(more);
  }
};

TEST_F(StoredDatabase, InPlace_FromS3AndSftp_AndBackWithoutTheStore) {
  for (const std::string store : {"bucket", "nas"}) {
    ASSERT_EQ(run({"create", "d.example", "--to", store}).exit_code, 0);
    const std::string then = content();
    change();
    const std::string since = content();
    ASSERT_NE(then, since);
    const Ran restored = restore(store);
    ASSERT_EQ(restored.exit_code, 0) << restored.both();
    EXPECT_EQ(content(), then) << store;
    write_stores({});  // as if there was no store any more
    with_admin(true);
    const Ran undone = run({"restore", "--undo", "d.example", "--yes"});
    ASSERT_EQ(undone.exit_code, 0) << undone.both();
    EXPECT_EQ(content(), since) << store;
    server().run("shop", "DELETE FROM orders; INSERT INTO orders VALUES (1, 'then')");
  }
}

TEST_F(StoredDatabase, LiveLoad_FromAStore_IsRefusedWithTheWay) {
  with_admin(false);
  for (const std::string store : {"bucket", "nas"}) {
    ASSERT_EQ(run({"create", "d.example", "--to", store}).exit_code, 0);
    change();
    const std::string since = content();
    const Ran refused = restore(store, {"--live-load"});
    EXPECT_EQ(refused.exit_code, 2) << refused.both();
    EXPECT_TRUE(contains(refused.err, "its archive must stay here")) << refused.err;
    EXPECT_TRUE(contains(refused.err, "wobackup copy")) << refused.err;
    EXPECT_EQ(content(), since);
    EXPECT_TRUE(run({"--json", "restore", "--status"}).objects("pending").empty());
    // The way.
    const fs::path here = root() / "brought" / store;
    fs::create_directories(here);
    ASSERT_EQ(run({"copy", "d.example", "--from", store, "--to", here.string()}).exit_code, 0);
    const Ran restored = restore(here.string(), {"--live-load"});
    EXPECT_EQ(restored.exit_code, 0) << restored.both();
    EXPECT_NE(content(), since);
    ASSERT_EQ(run({"restore", "--finish", "d.example", "--yes"}).exit_code, 0);
    server().run("shop", "DELETE FROM orders; INSERT INTO orders VALUES (1, 'then')");
  }
}

TEST_F(StoredDatabase, Doctor_OpensEachDatabase_AndTellsOfPrograms) {
  const auto check = [&](const std::string& what) {
    Json found;
    for (const Json& each : run({"--json", "doctor"}).objects("check")) {
      if (each["what"] == what && (found.is_null() || found["health"] == "ok")) found = each;
    }
    return found;
  };
  EXPECT_EQ(check("database")["health"], "ok") << check("database");
  EXPECT_TRUE(contains(check("database")["finding"], "1 can be opened"));
  EXPECT_EQ(check("dump")["health"], "ok");
  EXPECT_TRUE(contains(check("dump")["finding"], "/mariadb-dump: "));
  write_login("wrong");
  sql("UPDATE sites SET db_password = 'wrong' WHERE sitename = 'd.example'");
  const Json refused = check("database");
  EXPECT_EQ(refused["health"], "bad");
  EXPECT_TRUE(contains(refused["finding"], "d.example: "));
  EXPECT_TRUE(contains(refused["finding"], "denied"));
  EXPECT_EQ(run({"doctor"}).exit_code, 1);
  write_stores({.first = "[database]\ndump_program = \"/none\"\n[server]\nphp = \"/none\"\n"});
  EXPECT_EQ(check("dump")["health"], "bad");
  EXPECT_EQ(check("php")["health"], "warning");
}

}  // namespace
}  // namespace wobackup
