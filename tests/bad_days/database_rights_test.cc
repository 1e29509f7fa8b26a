// What happens to a backup when the logins of registry and wp-config.php are not right, or do not see all: the real
// command and a private MariaDB.
#include <gtest/gtest.h>

#include "bad_days/database_site.h"
#include "base/text.h"

namespace wobackup {
namespace {

using test::Ended;
using test::holds;
using test::kSecret;
using test::server;

class ServerEnvironment : public testing::Environment {
 public:
  void SetUp() override { server = std::make_unique<test::PrivateMariadb>(); }
  void TearDown() override { server.reset(); }
};
const auto* const environment = testing::AddGlobalTestEnvironment(new ServerEnvironment);

class DatabaseRights : public test::DatabaseSites {};

constexpr const char* kPosts = "CREATE TABLE posts (id INT PRIMARY KEY, t TEXT); INSERT INTO posts VALUES (1, 'one');";

TEST_F(DatabaseRights, GoodDay_IsAnArchiveWithTheDump) {
  add_site("a.example", kPosts);
  const Ended ended = run({"create", "a.example"});
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  EXPECT_TRUE(holds(dump_of("a.example"), "INSERT INTO `posts` VALUES\n(1,'one');"));
  EXPECT_FALSE(holds(run({"info", "a.example/latest", "--json"}).output, kSecret));
  EXPECT_FALSE(holds(run({"sites", "--json"}).output, kSecret));
}

TEST_F(DatabaseRights, PasswordThatDiffersFromTheRegistrys_IsToldWithoutEither) {
  const std::string database = add_site("a.example", kPosts);
  write_wp_config("a.example", database, database, "not-the-one", host());
  const Ended ended = run({"create", "a.example"});
  expect_dump_failed(ended, "a.example", {"password", "registry", "override = true"});
  EXPECT_FALSE(holds(ended.output, "not-the-one")) << ended.output;
}

TEST_F(DatabaseRights, UnknownDatabase_IsNamed) {
  const std::string database = add_site("a.example", kPosts);
  server->run("", "DROP DATABASE " + database + ";");
  expect_dump_failed(run({"create", "a.example"}), "a.example", {database, "1049", "name"});
}

TEST_F(DatabaseRights, SelectAlone_IsEnoughBesideTheAdminsLogin) {
  add_site("a.example", std::string(kPosts) + "CREATE VIEW v AS SELECT id FROM posts;", "SELECT");
  use_admin();
  const Ended ended = run({"create", "a.example"});
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  EXPECT_TRUE(holds(dump_of("a.example"), "VIEW `v`"));
}

TEST_F(DatabaseRights, EachMissingPrivilege_IsNamedAlone) {
  const std::vector<std::string> all{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "LOCK TABLES"};
  const std::string objects = std::string(kPosts) +
                              "CREATE VIEW v AS SELECT id FROM posts;"
                              "CREATE TRIGGER t BEFORE INSERT ON posts FOR EACH ROW SET NEW.id = NEW.id;";
  for (const std::string missing : {"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"}) {
    std::string granted = "INSERT";
    for (const std::string& privilege : all) {
      if (privilege != missing) granted += ", " + privilege;
    }
    const std::string site = "without-" + lower_ascii(missing.substr(0, 3)) + ".example";
    add_site(site, objects, granted);
    expect_dump_failed(run({"create", site}), site, {"lacks privileges on the database: " + missing});
  }
}

TEST_F(DatabaseRights, ServerThatDoesNotRun_IsTold) {
  const std::string database = add_site("a.example", kPosts);
  server->stop();
  expect_dump_failed(run({"create", "a.example"}), "a.example", {"2002", "running"});
  use_admin();
  expect_dump_failed(run({"create", "a.example"}), "a.example", {"2002", "running"});
  server->start();
}

TEST_F(DatabaseRights, DumpProgramThatIsSomethingElse_Fails) {
  add_site("a.example", kPosts);
  write_config("[database]\nadmin = false\ndump_program = \"/bin/true\"\n");
  const Ended ended = run({"create", "a.example"});
  EXPECT_EQ(ended.exit_code, 20) << ended.output;
  EXPECT_TRUE(archives("a.example").empty());
}

}  // namespace
}  // namespace wobackup
