// Dumps that want more than a database of their own: nothing happens outside of the shadow, and the error says what.
#include <fmt/format.h>

#include "target/database/loaded_database.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

class HostileDumpTest : public test::LoadedDatabase {
 protected:
  void SetUp() override {
    victim_ = database_of("CREATE TABLE t (a INT); INSERT INTO t VALUES (1);");
    before_ = inhabitants();
    victim_before_ = contents(victim_);
  }

  // A dump of one table with `inserted` at one place: before the first section, in the table's definition, among its
  // rows, between sections, at the end.
  std::filesystem::path dump_with(int place, const std::string& inserted) const {
    const auto at = [&](int number) { return place == number ? inserted + "\n" : std::string(); };
    return folder_.write("hostile.sql", "SET NAMES utf8mb4;\n" + at(0) + "DROP TABLE IF EXISTS `mine`;\n" +
                                            "CREATE TABLE `mine` (`a` int);\n" + at(1) + "LOCK TABLES `mine` WRITE;\n" +
                                            at(2) + "INSERT INTO `mine` VALUES (1),(2);\n" + at(3) +
                                            "UNLOCK TABLES;\n" + at(4) + "-- Dump completed\n");
  }

  void expect_untouched() const {
    EXPECT_EQ(inhabitants(), before_);
    EXPECT_EQ(contents(victim_), victim_before_);
  }

  std::string victim_, before_;
  std::map<std::string, std::string> victim_before_;
};

TEST_F(HostileDumpTest, TheDumpThatIsAddedToIsFine) {
  const ShadowDatabase shadow = make_shadow();
  EXPECT_EQ(load(dump_with(9, ""), shadow).rows.at("mine"), 2U);
}

TEST_F(HostileDumpTest, StatementsThatLeadOutsideAreRefusedAnywhere) {
  const std::string v = victim_;
  const std::vector<std::string> statements{
      "\\! touch /tmp/wobackup-test-pwned\n;",
      "system touch /tmp/wobackup-test-pwned;",
      "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `mine`;",
      "LOAD DATA INFILE '/etc/passwd' INTO TABLE `mine`;",
      "GRANT ALL ON *.* TO root@localhost;",
      "CREATE USER evil IDENTIFIED BY 'x';",
      "DROP USER root@localhost;",
      "USE " + v + "; INSERT INTO `t` VALUES (666);",
      "INSERT INTO " + v + ".t VALUES (666);",
      "INSERT INTO `" + v + "` . `t` VALUES (666);",
      "INSERT INTO `mine` SELECT * FROM " + v + ".t;",
      "INSERT INTO `mine` VALUES ((SELECT a FROM " + v + ".t));",
      "INSERT INTO `mine` VALUES (LOAD_FILE('/etc/passwd'));",
      "REPLACE INTO `mine` TABLE " + v + ".t;",
      "SELECT 1 INTO OUTFILE '/tmp/wobackup-test-pwned';",
      "SELECT SLEEP(100);",
      "DO SLEEP(100);",
      "/*!50000 DROP DATABASE " + v + " */;",
      "/*M!100000 DROP DATABASE " + v + " */;",
      "/*!99999 x */ /*!50000 */ DROP DATABASE " + v + ";",
      "/*!40101 SET NAMES utf8mb4 */ /*!40101 , GLOBAL max_connections = 1 */;",
      "SET GLOBAL event_scheduler = ON;",
      "SET @@GLOBAL.general_log_file = '/tmp/wobackup-test-pwned';",
      "SET SESSION sql_log_bin = 0;",
      "SET PASSWORD = PASSWORD('x');",
      "SET NAMES gbk;",
      "SET @saved_mode = 'ANSI_QUOTES';",
      "SET sql_mode = 4;",
      "SET sql_mode = ORACLE;",
      "INSTALL SONAME 'ha_federatedx';",
      "CALL mysql.AddGeometryColumn('', '', '', '', 1);",
      "CREATE FUNCTION sys_exec RETURNS INT SONAME 'lib_mysqludf_sys.so';",
      "CREATE TABLE `x` (`a` int) ENGINE=FEDERATED CONNECTION='mysql://root@localhost/" + v + "/t';",
      "CREATE TABLE `x` (`a` int) DATA DIRECTORY='/tmp';",
      "CREATE TABLE `x` (`a` int) ENGINE=MRG_MyISAM UNION=(`" + v + "`.`t`);",
      "CREATE TABLE `x` (`a` int, FOREIGN KEY (`a`) REFERENCES `" + v + "`.`t` (`a`));",
      "CREATE TABLE `x` AS SELECT * FROM " + v + ".t;",
      "CREATE TABLE `x` LIKE " + v + ".t;",
      "CREATE TABLE " + v + ".x (`a` int);",
      "DROP TABLE IF EXISTS " + v + ".t;",
      "DROP DATABASE " + v + ";",
      "RENAME TABLE " + v + ".t TO x;",
      "ALTER TABLE " + v + ".t DISABLE KEYS;",
      "ALTER TABLE `mine` DATA DIRECTORY='/tmp';",
      "CREATE DATABASE evil;",
      "PREPARE s FROM 'DROP DATABASE " + v + "'; EXECUTE s;",
      "BEGIN NOT ATOMIC DROP DATABASE " + v + "; END;",
      "HANDLER mine OPEN;",
      "KILL 1;",
      "SHUTDOWN;",
      "FLUSH PRIVILEGES;",
      "DELIMITER $$\nDROP DATABASE " + v + "$$\nDELIMITER ;",
      "DELIMITER ;;\nSET NAMES utf8mb4; DROP DATABASE " + v + ";;\nDELIMITER ;",
      "/* */ DROP DATABASE " + v + ";",
      "# '\nDROP DATABASE " + v + "; -- '",
      "-- '\nDROP DATABASE " + v + "; -- '",
      "--\x01'\nDROP DATABASE " + v + "; -- '\n;",
  };
  for (const std::string& statement : statements) {
    for (int place = 0; place < 5; ++place) {
      const auto file = dump_with(place, statement);
      const ShadowDatabase shadow = make_shadow();
      try {
        static_cast<void>(load(file, shadow));
        ADD_FAILURE() << "was loaded, at place " << place << ": " << statement;
      } catch (const Error& error) {
        EXPECT_TRUE(error.kind() == ErrorKind::verification || error.kind() == ErrorKind::failed) << error.message();
      }
    }
  }
  expect_untouched();
  EXPECT_FALSE(std::filesystem::exists("/tmp/wobackup-test-pwned"));
}

TEST_F(HostileDumpTest, ClientCommand_IsCalledWhatItIs) {
  for (const std::string command : {"\\! touch /tmp/wobackup-test-pwned", "\\! echo it's", "system id"}) {
    for (int place = 0; place < 5; ++place) {
      const ShadowDatabase shadow = make_shadow();
      try {
        static_cast<void>(load(dump_with(place, command), shadow));
        ADD_FAILURE() << "was loaded, at place " << place << ": " << command;
      } catch (const Error& error) {
        EXPECT_EQ(error.message().find("cut off"), std::string::npos) << place << ": " << error.message();
        EXPECT_NE(error.message().find(command), std::string::npos) << place << ": " << error.message();
      }
    }
  }
  expect_untouched();
}

TEST_F(HostileDumpTest, CommentsForServersThatThereAreNotDoNothing) {
  for (const std::string comment :
       {"/*!99999 DROP DATABASE x */;", "/*!999999 GRANT ALL */;", "/*M!999999 \\! id */;"}) {
    const ShadowDatabase shadow = make_shadow();
    EXPECT_EQ(load(dump_with(4, comment), shadow).rows.at("mine"), 2U) << comment;
  }
  expect_untouched();
}

TEST_F(HostileDumpTest, ProgramsDoNotRunAsAnybodyElse) {
  // Each would do harm with root's rights.
  const std::string v = victim_;
  const auto file =
      dump_with(4,
                "CREATE DEFINER=`root`@`localhost` VIEW `mine_v` AS SELECT * FROM `mine`;\nDELIMITER ;;\n"
                "CREATE DEFINER=`root`@`localhost` PROCEDURE `p`() BEGIN DROP TABLE " +
                    v +
                    ".t; END ;;\n"
                    "CREATE DEFINER=`root`@`localhost` TRIGGER `tr` BEFORE INSERT ON `mine` FOR EACH ROW DELETE FROM " +
                    v +
                    ".t ;;\n"
                    "CREATE DEFINER=`root`@`localhost` EVENT `e` ON SCHEDULE EVERY 1 SECOND DO DROP TABLE " +
                    v +
                    ".t ;;\n"
                    "DELIMITER ;");
  const ShadowDatabase shadow = make_shadow();
  static_cast<void>(load(file, shadow));
  DatabaseConnection root = connect(shadow.name());
  EXPECT_TRUE(root.error_of("CALL p()"));
  EXPECT_TRUE(root.error_of("INSERT INTO mine VALUES (3)"));
  EXPECT_EQ(root.rows("SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_NAME = 'e'")[0][0], "DISABLED");
  EXPECT_EQ(contents(victim_), victim_before_);
}

TEST_F(HostileDumpTest, AViewOfAnotherDatabaseIsAnError) {
  const auto file = dump_with(4, "CREATE VIEW `spy` AS SELECT * FROM " + victim_ + ".t;");
  const ShadowDatabase shadow = make_shadow();
  try {
    static_cast<void>(load(file, shadow));
    ADD_FAILURE() << "it was created";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("spy"), std::string::npos) << error.message();
  }
}

TEST_F(HostileDumpTest, SqlModesThatAreNotPutBackDoNotChangeHowTheRestIsRead) {
  // With ANSI_QUOTES or NO_BACKSLASH_ESCAPES left on, the next section's strings would end elsewhere.
  for (const std::string mode : {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"}) {
    const ShadowDatabase shadow = make_shadow();
    const auto file = folder_.write(
        "modes.sql",
        "CREATE TABLE `a` (`t` text);\nCREATE TABLE `b` (`t` text);\n"
        "/*!50003 SET @saved_sql_mode = @@sql_mode */;\n/*!50003 SET sql_mode = '" +
            mode +
            "' */;\n"
            "CREATE TABLE `c` (`t` text);\n"
            "INSERT INTO `c` VALUES ('x');\nINSERT INTO `c` VALUES ('\\'); DROP TABLE `b`; --');\n-- Dump completed\n");
    try {
      const LoadResult result = load(file, shadow);
      EXPECT_EQ(result.rows.at("c"), 2U);
      EXPECT_EQ(result.rows.size(), 3U);
      EXPECT_FALSE(connect(shadow.name()).error_of("SELECT * FROM b")) << mode;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification) << error.message();
    }
  }
}

TEST_F(HostileDumpTest, AManifestThatLiesAboutSectionsIsRefused) {
  const auto file = dump_with(9, "");
  const FileAccess dump = open_dump(file);
  const DumpLayout right = layout_by_scan(dump, never_);
  const auto refused = [&](const DumpLayout& layout) {
    const ShadowDatabase shadow = make_shadow();
    try {
      static_cast<void>(load_dump(dump, layout, {shadow.name(), shadow.login(), std::nullopt}, {}, never_));
    } catch (const Error& error) {
      return error.kind() == ErrorKind::verification;
    }
    return false;
  };
  DumpLayout other_name = right;
  other_name.tables[0].name = "yours";
  EXPECT_TRUE(refused(other_name));
  DumpLayout shifted = right;
  shifted.tables[0].section.data.begin += 3;
  EXPECT_TRUE(refused(shifted));
  DumpLayout cut = right;
  cut.tables[0].section.data.end -= 25;
  EXPECT_TRUE(refused(cut));
  DumpLayout without = right;
  without.tables.clear();
  EXPECT_TRUE(refused(without));
}

}  // namespace
}  // namespace wobackup
