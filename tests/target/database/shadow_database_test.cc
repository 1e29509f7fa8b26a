// Shadow databases: what their user may do, and that nothing of them stays.
#include "target/database/shadow_database.h"

#include "target/database/loaded_database.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using ShadowDatabaseTest = test::LoadedDatabase;

TEST(ShadowName, IsRandomAndKnownAgain) {
  const std::string name = new_shadow_name("drill");
  EXPECT_TRUE(is_shadow_name(name));
  EXPECT_NE(name, new_shadow_name("drill"));
  for (const char* other :
       {"", "wobackup_", "wordpress", "wobackup_drill_0123456789abcdeg", "wobackup_0123456789abcdef",
        "wobackup__0123456789abcdef", "wobackup_d`x_0123456789abcdef", "xwobackup_d_0123456789abcdef"}) {
    EXPECT_FALSE(is_shadow_name(other)) << other;
  }
  EXPECT_THROW(static_cast<void>(new_shadow_name("a;b")), Error);
  const std::string own = new_shadow_name("restore", "shop");
  EXPECT_TRUE(is_shadow_name(own));
  EXPECT_EQ(own.substr(0, 22), new_shadow_name("safety", "shop").substr(0, 22));
  EXPECT_NE(own.substr(0, 22), new_shadow_name("safety", "blog").substr(0, 22));
}

TEST_F(ShadowDatabaseTest, ASitesGrantReachesItsOwnShadowsOnly) {
  server().run("", "CREATE USER shop@localhost IDENTIFIED BY 'p'; GRANT ALL ON " + shadow_grant_pattern("shop") +
                       ".* TO shop@localhost;");
  ServerLogin maker = server().root();
  maker.user = "shop";
  maker.password = "p";
  { const ShadowDatabase own(maker, {new_shadow_name("own", "shop"), {}, {}, false}, never_); }
  EXPECT_THROW(ShadowDatabase(maker, {new_shadow_name("own", "blog"), {}, {}, false}, never_), Error);
  EXPECT_THROW(ShadowDatabase(maker, {new_shadow_name("own"), {}, {}, false}, never_), Error);
  server().run("", "DROP USER shop@localhost");
}

TEST_F(ShadowDatabaseTest, LeavesNothingWhenItGoes) {
  const std::string before = inhabitants();
  {
    const ShadowDatabase shadow = make_shadow();
    EXPECT_NE(inhabitants(), before);
    DatabaseConnection user(shadow.login(), shadow.name(), never_);
    user.execute("CREATE TABLE t (a INT)");
  }
  EXPECT_EQ(inhabitants(), before);
}

TEST_F(ShadowDatabaseTest, TakesTheOriginalsCollation) {
  server().run("", "CREATE DATABASE polish CHARACTER SET latin2 COLLATE latin2_croatian_ci;");
  const ShadowDatabase shadow = make_shadow("polish");
  DatabaseConnection connection = connect(shadow.name());
  EXPECT_EQ(connection.rows("SELECT @@collation_database")[0][0], "latin2_croatian_ci");
  connection.execute("DROP DATABASE polish");
}

TEST_F(ShadowDatabaseTest, ItsUserMayDoNothingElsewhere) {
  const std::string site = database_of("CREATE TABLE t (a INT); INSERT INTO t VALUES (1);");
  const ShadowDatabase shadow = make_shadow();
  // Underscores of a grant stand for any character, unless they are escaped.
  std::string similar = shadow.name();
  similar[8] = 'x';
  server().run("", "CREATE DATABASE " + similar + ";");
  DatabaseConnection user(shadow.login(), shadow.name(), never_);
  for (const std::string& sql :
       {"SELECT * FROM " + site + ".t", "CREATE TABLE " + similar + ".t (a INT)", std::string("CREATE DATABASE x"),
        "DROP DATABASE " + site, std::string("SELECT * FROM mysql.user"),
        std::string("SET GLOBAL max_connections = 10"),
        std::string("SELECT 1 INTO OUTFILE '/tmp/wobackup-test-outfile'"), std::string("CREATE USER y"),
        std::string("GRANT SELECT ON *.* TO CURRENT_USER"),
        "GRANT SELECT ON " + shadow.name() + ".* TO root@localhost"}) {
    EXPECT_TRUE(user.error_of(sql)) << sql;
  }
  EXPECT_EQ(user.rows("SELECT LOAD_FILE('/etc/passwd')")[0][0], std::nullopt);
  EXPECT_FALSE(user.error_of("CREATE TABLE t (a INT)"));
  server().run("", "DROP DATABASE " + similar + ";");
}

TEST_F(ShadowDatabaseTest, WithoutAUserTheSitesOwnLoginIsUsed) {
  const std::string before = inhabitants();
  server().run("", "CREATE USER maker@localhost IDENTIFIED BY 'p'; GRANT ALL ON `wobackup\\_%`.* TO maker@localhost;");
  ServerLogin maker = server().root();
  maker.user = "maker";
  maker.password = "p";
  {
    const ShadowDatabase shadow(maker, {new_shadow_name("own"), {}, {}, false}, never_);
    EXPECT_EQ(shadow.login().user, "maker");
    DatabaseConnection(maker, shadow.name(), never_).execute("CREATE TABLE t (a INT)");
  }
  // One that may not make users leaves nothing behind when it is asked to.
  EXPECT_THROW(ShadowDatabase(maker, {new_shadow_name("own"), {}, {}, true}, never_), Error);
  server().run("", "DROP USER maker@localhost;");
  EXPECT_EQ(inhabitants(), before);
}

TEST_F(ShadowDatabaseTest, WhatAKilledRunLeftIsDroppedByName) {
  const std::string before = inhabitants();
  std::string name;
  ServerLogin login;
  {
    ShadowDatabase shadow = make_shadow();
    name = shadow.name();
    login = shadow.login();
    shadow.keep();
  }
  // Its connection still holds a table.
  DatabaseConnection left(login, name, never_);
  left.execute("CREATE TABLE t (a INT) ENGINE=InnoDB");
  left.execute("LOCK TABLES t WRITE");
  DatabaseConnection admin = connect();
  drop_shadow(admin, name);
  drop_shadow(admin, name);  // nothing is there any more
  EXPECT_EQ(inhabitants(), before);
}

TEST_F(ShadowDatabaseTest, OtherDatabasesCannotBeDroppedAsShadows) {
  const std::string site = database_of("");
  DatabaseConnection admin = connect();
  EXPECT_THROW(drop_shadow(admin, site), Error);
  EXPECT_FALSE(admin.error_of("USE " + site));
}

}  // namespace
}  // namespace wobackup
