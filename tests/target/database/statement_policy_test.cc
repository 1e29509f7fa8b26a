// What passes the policy and what does not. What dump programs write is tested with real dumps, too.
#include "target/database/statement_policy.h"

#include <gtest/gtest.h>

#include "fakes/refusal.h"

namespace wobackup {
namespace {

constexpr SqlDialect kMariadb{true, 101119, {}};
constexpr SqlDialect kMysql{false, 80036, {}};

StatementKind kind_of(const std::string& sql, SqlDialect dialect = kMariadb) {
  return StatementPolicy(dialect, "own").judge(sql, 0).kind;
}
bool is_refused(const std::string& sql, SqlDialect dialect = kMariadb) {
  const bool refused = static_cast<bool>(test::refuses([&] { static_cast<void>(kind_of(sql, dialect)); }));
  return refused;
}
std::string read(const std::string& sql, SqlDialect dialect = kMariadb) {
  return as_the_server_reads(sql, dialect).value_or("nothing");
}

// What was displaced may still name the database that it came from; never another one.
TEST(StatementPolicy, FormerNameCountsAsTheOwn) {
  StatementPolicy policy(kMariadb, "own", "former");
  const JudgedStatement judged = policy.judge("CREATE TABLE `t` (`a` int DEFAULT nextval(`former`.`s`))", 0);
  EXPECT_EQ(judged.text(), "CREATE TABLE `t` (`a` int DEFAULT nextval(`s`))");
  EXPECT_THROW(static_cast<void>(policy.judge("CREATE TABLE `t` (`a` int DEFAULT nextval(`other`.`s`))", 0)), Error);
}

TEST(StatementPolicy, WhatDumpProgramsWritePasses) {
  using enum StatementKind;
  const std::pair<const char*, StatementKind> kStatements[] = {
      {"/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */", set},
      {"/*!40101 SET NAMES utf8mb4 */", set},
      {"/*!40103 SET TIME_ZONE='+00:00' */", set},
      {"/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */", set},
      {"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */", set},
      {"/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */", set},
      {"/*!50003 SET sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION' */ ", set},
      {"/*!50003 SET character_set_client  = @saved_cs_client */ ", set},
      {"/*!50003 SET collation_connection  = latin1_swedish_ci */ ", set},
      {"/*!50106 SET @save_time_zone= @@TIME_ZONE */ ", set},
      {"set autocommit=0", skipped},
      {"DROP TABLE IF EXISTS `x`", drop},
      {"/*!50001 DROP VIEW IF EXISTS `x`*/", drop},
      {"/*!50003 DROP PROCEDURE IF EXISTS `x` */", drop},
      {"DROP SEQUENCE IF EXISTS `x`", drop},
      {"CREATE TABLE `x` (`a` int DEFAULT 1.5 COMMENT 'ENGINE=FEDERATED') ENGINE=InnoDB", create_table},
      {"CREATE TABLE `x` (`engine` int, `a` int GENERATED ALWAYS AS (`engine` * 1.0) VIRTUAL)", create_table},
      {"CREATE TABLE `m` (`a` int) ENGINE=MRG_MyISAM INSERT_METHOD=LAST UNION=(`t1`,`t2`)", create_table},
      {"CREATE TABLE `x` (`a` int) /*!50100 PARTITION BY RANGE (`a`) (PARTITION p VALUES LESS THAN (1) ENGINE = "
       "InnoDB) */",
       create_table},
      {"LOCK TABLES `x` WRITE", skipped},
      {"LOCK TABLES `x` READ /*!32311 LOCAL */, `y` WRITE", skipped},
      {"/*!40000 ALTER TABLE `x` DISABLE KEYS */", keys},
      {"INSERT INTO `x` VALUES (1)", rows},
      {"REPLACE INTO `x` (`a`,`b`) VALUES (1,2),(3,'4')", rows},
      {"UNLOCK TABLES", skipped},
      {"commit", skipped},
      {"/*!50001 CREATE VIEW `v` AS SELECT 1 AS `a`*/", create_view},
      {"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */\n"
       "/*!50001 VIEW `v` AS select 1 AS `a` */",
       create_view},
      {"/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN END */",
       create_trigger},
      {"CREATE DEFINER=`a`@`b` PROCEDURE `p`() SELECT 1", create_routine},
      {"CREATE DEFINER=CURRENT_USER() AGGREGATE FUNCTION `p`(x INT) RETURNS INT BEGIN END", create_routine},
      {"/*!50106 CREATE*/ /*!50117 DEFINER=`a`@`b`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1 */",
       create_event},
      {"CREATE SEQUENCE `s` start with -1 minvalue -5 maxvalue 5 increment by -1 cache 10 nocycle ENGINE=InnoDB",
       create_sequence},
      {"DO SETVAL(`s`, -5, 0)", set_value},
      {"SELECT SETVAL(`s`, 5, 0)", set_value},
      {"ALTER DATABASE `own` CHARACTER SET latin1 COLLATE latin1_swedish_ci ", skipped},
      {"CREATE DATABASE /*!32312 IF NOT EXISTS*/ `own` /*!40100 DEFAULT CHARACTER SET utf8mb4 */", skipped},
      {"USE `own`", skipped},
      {"/*!99999 x */", nothing},
  };
  for (const auto& [sql, kind] : kStatements) {
    EXPECT_NO_THROW(EXPECT_EQ(kind_of(sql), kind) << sql) << sql;
  }
}

TEST(StatementPolicy, WhatOtherServersExecuteIsLookedAtAsTheyDo) {
  EXPECT_EQ(kind_of("/*!80000 GRANT ALL ON *.* TO x */"), StatementKind::nothing);
  EXPECT_TRUE(is_refused("/*!80000 GRANT ALL ON *.* TO x */", kMysql));
  EXPECT_EQ(kind_of("/*M!100000 GRANT ALL ON *.* TO x */", kMysql), StatementKind::nothing);
  EXPECT_TRUE(is_refused("/*M!100000 GRANT ALL ON *.* TO x */"));
  EXPECT_TRUE(is_refused("/*! GRANT ALL ON *.* TO x */"));
  EXPECT_TRUE(is_refused("/*!5 GRANT ALL ON *.* TO x */"));
  EXPECT_EQ(read("a /*!99999 b /* c */ d */ e"), "a   e");
  EXPECT_EQ(read("/*!50003 a /* b */ '*/' */ c"), "  a /* b */ '*/'   c");
  EXPECT_EQ(read("/*!1011190 x */"), " 0 x  ") << "six digits are the version";
}

TEST(StatementPolicy, WhatIsNotWholeIsRefused) {
  for (const char* sql :
       {"SET NAMES 'utf8", "/*!50000 SET NAMES utf8", "SET NAMES utf8 /* x", "CREATE TABLE `x (a int)", "\\! id",
        "CREATE TABLE x \\! id\n (a int)", "INSERT INTO x VALUES ('\\')"}) {
    EXPECT_TRUE(is_refused(sql)) << sql;
  }
}

TEST(StatementPolicy, MessagesNameTheStatementAndItsPlace) {
  StatementPolicy policy(kMariadb, "");
  EXPECT_TRUE(test::refuses([&] { static_cast<void>(policy.judge("GRANT ALL\x1b[31m ON *.* TO x", 4711)); },
                            "(byte 4711: GRANT ALL\\x1b[31m ON"));
}

TEST(StatementPolicy, SetOfAnythingElseIsRefused) {
  for (const char* sql : {"SET GLOBAL sql_mode=''",
                          "SET @@GLOBAL.sql_mode=''",
                          "SET sql_log_bin=0",
                          "SET @@SESSION.SQL_LOG_BIN=0",
                          "SET PASSWORD='x'",
                          "SET @x=1",
                          "SET @saved_x='a'",
                          "SET @saved_x=(SELECT 1)",
                          "SET NAMES sjis",
                          "SET character_set_client=big5",
                          "SET collation_connection=gbk_chinese_ci",
                          "SET sql_mode='ANSI'",
                          "SET sql_mode='ansi_quotes'",
                          "SET sql_mode=4",
                          "SET sql_mode=CONCAT('ANSI','_QUOTES')",
                          "SET sql_mode=@@GLOBAL.sql_mode",
                          "SET STATEMENT sql_mode='' FOR SELECT 1",
                          "SET ROLE x",
                          "SET DEFAULT ROLE x",
                          "SET sql_notes=0 x",
                          "SET sql_notes=0,",
                          "SET",
                          "SET TRANSACTION READ ONLY",
                          "SET @saved_x=@@datadir",
                          "SET character_set_client=@@character_set_database",
                          "SET @OLD_X=@@SQL_MODE, GLOBAL sql_mode=''"}) {
    EXPECT_TRUE(is_refused(sql)) << sql;
  }
}

TEST(StatementPolicy, FollowsTheQuotesThatASessionReads) {
  StatementPolicy policy(kMariadb, "");
  static_cast<void>(policy.judge("SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES,ORACLE'", 0));
  EXPECT_TRUE(policy.quotes().ansi_quotes);
  EXPECT_EQ(policy.judge("CREATE PROCEDURE \"p\" AS BEGIN NULL; END", 0).object, "procedure p");
  EXPECT_TRUE(test::refuses([&] { static_cast<void>(policy.judge("SET @saved_sql_mode = @@sql_mode", 0)); }));
  static_cast<void>(policy.judge("SET sql_mode = 'NO_BACKSLASH_ESCAPES'", 0));
  EXPECT_EQ(policy.judge("INSERT INTO x VALUES ('\\'),('a')", 0).rows, 2U);
  static_cast<void>(policy.judge("SET sql_mode = @saved_sql_mode", 0));
  EXPECT_EQ(policy.judge("INSERT INTO x VALUES ('\\'),(')", 0).rows, 1U);
}

TEST(StatementPolicy, TablesThatReachOutsideAreRefused) {
  for (const char* sql :
       {"CREATE TABLE a.x (a int)", "CREATE TEMPORARY TABLE x (a int)", "CREATE TABLE x (a int) SELECT 1 AS a",
        "CREATE TABLE x SELECT 1", "CREATE TABLE x LIKE y", "CREATE TABLE x (LIKE y)  AS SELECT 1",
        "CREATE TABLE x (a int) TABLE y", "CREATE TABLE x (a int) ENGINE=CONNECT",
        "CREATE TABLE x (a int) ENGINE `SPIDER`", "CREATE TABLE x (a int) ENGINE='S3'",
        "CREATE TABLE x (a int) INDEX DIRECTORY='/'", "CREATE TABLE x (a int) /*!50100 DATA */ /* x */ DIRECTORY '/'",
        "CREATE TABLE x (a int DEFAULT nextval(`b`.`s`))", "CREATE TABLE x (a int", "CREATE TABLE x (a int))",
        "CREATE TABLE x (a int) PARTITION BY HASH (a) (PARTITION p DATA DIRECTORY='/')"}) {
    EXPECT_TRUE(is_refused(sql)) << sql;
  }
}

TEST(StatementPolicy, NamesOfOtherSchemasAreRefused) {
  for (const char* sql :
       {"DROP TABLE IF EXISTS a.b", "DROP TABLE IF EXISTS a, b", "DROP TABLE a", "DROP USER IF EXISTS a",
        "DROP DATABASE IF EXISTS a", "INSERT INTO a.b VALUES (1)", "INSERT INTO `a` . `b` VALUES (1)",
        "INSERT INTO `a`/**/.`b` VALUES (1)", "LOCK TABLES a.b WRITE", "ALTER TABLE a.b ENABLE KEYS",
        "CREATE TRIGGER t BEFORE INSERT ON a.b FOR EACH ROW SET @a = 1", "CREATE VIEW a.b AS SELECT 1",
        "CREATE PROCEDURE a.b() SELECT 1", "CREATE EVENT a.b ON SCHEDULE EVERY 1 DAY DO SELECT 1", "DO SETVAL(a.b, 1)",
        "USE other", "CREATE DATABASE other", "ALTER DATABASE other CHARACTER SET utf8mb4",
        "ALTER DATABASE own UPGRADE DATA DIRECTORY NAME"}) {
    EXPECT_TRUE(is_refused(sql)) << sql;
  }
}

}  // namespace
}  // namespace wobackup
