#include "database/sql_scanner.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>

#include "database/dump_sections.h"

namespace wobackup {
namespace {

constexpr std::string_view kDump = R"SQL(/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;

--
-- Table structure for table `plain`
--

DROP TABLE IF EXISTS `plain`;
CREATE TABLE `plain` (`id` int, `t` text DEFAULT 'a;b');
LOCK TABLES `plain` WRITE;
/*!40000 ALTER TABLE `plain` DISABLE KEYS */;
INSERT INTO `plain` VALUES
(1,'it''s (fine);'),
(2,'\n-- Dump completed\n'),
(3,'\'); INSERT INTO `other` VALUES (1);--'),
(4,0x2728),(-5,NULL);
INSERT INTO `plain` (`id`, `t`) VALUES (6,'x'),(7,'(');
/*!40000 ALTER TABLE `plain` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `we``ird.na;me`;
CREATE TABLE `we``ird.na;me` (`id` int);
/*!50003 SET sql_mode = '' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `trig` BEFORE INSERT ON `plain` FOR EACH ROW BEGIN SET NEW.t = 'a;;b'; SET NEW.id = 1; END */;;
DELIMITER ;
/*!50001 CREATE VIEW `v` AS SELECT
 1 AS `x` */;
DELIMITER ;;
CREATE DEFINER=`root`@`%` PROCEDURE `proc`()
BEGIN SELECT 'DELIMITER ;'; END ;;
DELIMITER ;
DELIMITER ;;
/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`localhost`*/ /*!50106 EVENT `ev` ON SCHEDULE EVERY 1 DAY DO SELECT 1 */ ;;
DELIMITER ;
CREATE SEQUENCE `s` start with 1;
DO SETVAL(`s`, 5, 0);
/*!50001 DROP VIEW IF EXISTS `v`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */
/*!50001 VIEW `v` AS select `plain`.`id` AS `x` from `plain` */;
-- Dump completed
)SQL";

struct Seen {
  DumpSections sections;
  std::string log;
  bool completed, sandbox;
};

Seen scan(std::string_view dump, const std::vector<std::size_t>& cuts = {}) {
  Seen seen;
  SqlScanner scanner([&](const SqlStatement& statement) {
    seen.sections.add(statement);
    seen.log += std::to_string(statement.begin) + "-" + std::to_string(statement.end) + ":" +
                std::to_string(statement.rows) + ":" + std::string(statement.head.substr(0, 30)) + "\n";
  });
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {
    scanner.feed(bytes_of(dump.substr(at, cut - at)));
    at = cut;
  }
  scanner.feed(bytes_of(dump.substr(at)));
  scanner.finish();
  seen.completed = scanner.completed();
  seen.sandbox = scanner.has_sandbox_line();
  return seen;
}

TEST(SqlScanner, FindsEveryObjectAndCountsRows) {
  const Seen seen = scan(kDump);
  EXPECT_TRUE(seen.completed);
  EXPECT_TRUE(seen.sandbox);
  const auto& tables = seen.sections.tables();
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables.at("plain").rows, 7U);
  EXPECT_EQ(tables.at("we`ird.na;me").rows, 0U);
  EXPECT_EQ(seen.sections.views().size(), 1U);
  EXPECT_EQ(seen.sections.views().at("v").size(), 2U);
  EXPECT_TRUE(seen.sections.triggers().contains("trig"));
  EXPECT_TRUE(seen.sections.routines().contains("procedure proc"));
  EXPECT_TRUE(seen.sections.events().contains("ev"));
  EXPECT_EQ(seen.sections.sequences().at("s").size(), 1U);
}

TEST(SqlScanner, Ranges_CutTheDumpWhereTheTableIs) {
  const Seen seen = scan(kDump);
  const TableSection& table = seen.sections.tables().at("plain");
  const std::string_view schema = kDump.substr(table.schema.begin, table.schema.end - table.schema.begin);
  EXPECT_TRUE(schema.starts_with("DROP TABLE IF EXISTS `plain`"));
  EXPECT_TRUE(schema.ends_with("'a;b');"));
  const std::string_view data = kDump.substr(table.data.begin, table.data.end - table.data.begin);
  EXPECT_TRUE(data.starts_with("LOCK TABLES"));
  EXPECT_TRUE(data.ends_with("UNLOCK TABLES;"));
}

TEST(SqlScanner, AnyCuts_GiveTheSame) {
  const std::string whole = scan(kDump).log;
  std::vector<std::size_t> every;
  for (std::size_t i = 1; i < kDump.size(); ++i) every.push_back(i);
  EXPECT_EQ(scan(kDump, every).log, whole);
  EXPECT_TRUE(scan(kDump, every).completed);
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = random() % 40; at < kDump.size(); at += random() % 100 + 1) cuts.push_back(at);
    ASSERT_EQ(scan(kDump, cuts).log, whole) << round;
  }
}

TEST(SqlScanner, MarkerInsideAString_IsNoCompletion) {
  EXPECT_FALSE(scan("INSERT INTO `a` VALUES ('\n-- Dump completed\n');\n").completed);
  EXPECT_FALSE(scan("INSERT INTO `a` VALUES ('\n-- Dump completed\n").completed);
  EXPECT_FALSE(scan("-- Dump completed\nSELECT 1;\n").completed);
  EXPECT_FALSE(scan("CREATE TABLE x (\n-- Dump completed\n").completed);
  EXPECT_FALSE(scan("").completed);
  EXPECT_TRUE(scan("SELECT 1;\n-- Dump completed on 2025-01-01").completed);
  EXPECT_TRUE(scan("SELECT 1;\n-- Dump completed\n\n").completed);
}

TEST(SqlScanner, Marker_MustHaveALineOfItsOwnAndBeTheLast) {
  EXPECT_FALSE(scan("SELECT 1; -- Dump completed\n").completed);
  EXPECT_FALSE(scan("SELECT 1;\n-- Dump completed\n/* more */\n").completed);
  EXPECT_FALSE(scan("SELECT 1;\n-- Dump completed\n;\n").completed);
  EXPECT_FALSE(scan("SELECT 1;\n-- Dump completed\n-- more\n").completed);
  EXPECT_FALSE(scan("SELECT 1;\n-- Dump completedly\n").completed);
  EXPECT_FALSE(scan("SELECT 1;\n# -- Dump completed\n").completed);
  EXPECT_FALSE(scan("SELECT 1;\n/*\n-- Dump completed\n").completed);
  EXPECT_FALSE(scan("DELIMITER ;;\nCREATE PROCEDURE p() SELECT 1;\n-- Dump completed\n").completed);
}

TEST(SqlScanner, SandboxLine_IsOnlyTheWholeCommentAtTheBeginning) {
  EXPECT_TRUE(scan("/*M!999999\\- enable the sandbox mode */ \nSELECT 1;\n").sandbox);
  EXPECT_FALSE(scan("\n/*M!999999\\- enable the sandbox mode */ \nSELECT 1;\n").sandbox);
  EXPECT_FALSE(scan("SELECT 1 /*M!999999\\- enable the sandbox mode */;\n").sandbox);
  EXPECT_FALSE(scan("/*M!999999 anything */\nSELECT 1;\n").sandbox);
  EXPECT_FALSE(scan("SELECT '/*M!999999\\- enable the sandbox mode */';\n").sandbox);
}

TEST(SqlScanner, CommentForNoServer_DoesNotBreakAStatement) {
  const Seen seen = scan("CREATE TABLE /*!999999 x ; y */ `a` (`x` int);\n");
  EXPECT_TRUE(seen.sections.tables().contains("a"));
}

TEST(SqlScanner, NoBackslashEscapes_HoldsUntilTheModeIsPutBack) {
  const Seen seen = scan(
      "SET @saved_sql_mode = @@sql_mode ;\nSET sql_mode = 'NO_BACKSLASH_ESCAPES' ;\nDELIMITER ;;\n"
      "CREATE PROCEDURE `p`() BEGIN SELECT '\\'; SELECT ';;'; END ;;\nDELIMITER ;\n"
      "SET sql_mode = @saved_sql_mode ;\nCREATE TABLE `t` (`x` int);\nINSERT INTO `t` VALUES ('\\'),(1'),(2);\n"
      "-- Dump completed\n");
  EXPECT_TRUE(seen.completed);
  EXPECT_TRUE(seen.sections.routines().contains("procedure p"));
  EXPECT_EQ(seen.sections.tables().at("t").rows, 2U);
}

TEST(SqlScanner, AnsiQuotes_MakeNamesOfDoubleQuotes) {
  const Seen seen = scan(
      "/*!50003 SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES' */ ;\nDELIMITER ;;\n"
      "CREATE DEFINER=\"r\\\"@\"localhost\" PROCEDURE \"p\"() SELECT \"a\\\" ;;\nDELIMITER ;\n"
      "/*!50003 SET sql_mode = @saved_sql_mode */ ;\nCREATE TABLE `t` (`x` int);\n-- Dump completed\n");
  EXPECT_TRUE(seen.completed);
  EXPECT_TRUE(seen.sections.routines().contains("procedure p"));
  EXPECT_TRUE(seen.sections.tables().contains("t"));
}

TEST(SqlScanner, VariableNamedLikeTheMode_ChangesNothing) {
  const Seen seen = scan("SET @sql_mode = 'NO_BACKSLASH_ESCAPES';\nCREATE TABLE `t` (`x` text DEFAULT '\\';');\n");
  EXPECT_NE(seen.log.find("CREATE TABLE `t`"), std::string::npos);
  EXPECT_EQ(seen.log.find("')"), std::string::npos) << seen.log;
}

TEST(SqlScanner, ColumnLists_AreNotRows) {
  const Seen seen = scan(
      "CREATE TABLE `values` (`value` int);\nINSERT INTO `values` (`value`,`values`) VALUES ((1),(2)),(-3,/* (9) "
      "*/4);\n"
      "REPLACE INTO `values` VALUES (1);\nINSERT IGNORE INTO `values` VALUES (')(')\n,\n(\"),(\");\n");
  EXPECT_EQ(seen.sections.tables().at("values").rows, 5U);
}

TEST(SqlScanner, LongestStatement_IsWhatAServerMustTake) {
  SqlScanner scanner([](const SqlStatement&) {});
  const std::string long_one = "INSERT INTO `t` VALUES ('" + std::string(5'000, 'x') + "');";
  scanner.feed(bytes_of("SELECT 1;\n" + long_one + "\nDELIMITER ;;\nSELECT 2;;\n"));
  scanner.finish();
  EXPECT_EQ(scanner.longest_statement(), long_one.size());
}

// Rows of random bytes, quoted as the dump programs do; the number of rows is known.
TEST(SqlScanner, RandomRows_AreCountedWhateverTheyHoldAndHoweverTheyAreCut) {
  std::mt19937 random(3);
  static constexpr std::string_view kNasty = "'\"`();-#/*,\\\n\0 aV1";
  for (int round = 0; round < 300; ++round) {
    std::string dump = "CREATE TABLE `t` (`x` int);\n";
    std::uint64_t rows = 0;
    for (auto statement = random() % 4 + 1; statement > 0; --statement) {
      dump += "INSERT INTO `t` VALUES\n";
      for (auto row = random() % 6 + 1; row > 0; --row, ++rows) {
        dump += "(-1.5e3,NULL,0xAB,_binary '";
        for (auto i = random() % 60; i > 0; --i) {
          const char c = kNasty[random() % kNasty.size()];
          if (c == '\'' && random() % 2 == 0) {
            dump += "''";
          } else if (c == '\'' || c == '"' || c == '\\' || c == '\0') {
            dump += {'\\', c == '\0' ? '0' : c};
          } else {
            dump += c;
          }
        }
        dump += row == 1 ? "');\n" : random() % 2 == 0 ? "'),\n" : "'),";
      }
    }
    dump += "-- Dump completed\n";
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; at < dump.size(); at += random() % 40 + 1) cuts.push_back(at);
    const Seen seen = scan(dump, cuts);
    ASSERT_TRUE(seen.completed) << dump;
    ASSERT_EQ(seen.sections.tables().at("t").rows, rows) << dump;
    ASSERT_EQ(seen.log, scan(dump).log) << dump;
  }
}

TEST(SqlScanner, AnyBytes_AreReadToTheEndTheSameWhateverTheCuts) {
  static constexpr std::string_view kPieces[] = {"'",
                                                 "\"",
                                                 "`",
                                                 "\\",
                                                 "/*!",
                                                 "/*M!",
                                                 "999999",
                                                 "*/",
                                                 "--",
                                                 " ",
                                                 "\n",
                                                 ";",
                                                 ";;",
                                                 "(",
                                                 ")",
                                                 "#",
                                                 "-",
                                                 "DELIMITER ",
                                                 "SET sql_mode='",
                                                 "NO_BACKSLASH_ESCAPES",
                                                 "INSERT INTO `t` VALUES (",
                                                 "CREATE TABLE `t`",
                                                 "-- Dump completed\n",
                                                 ",",
                                                 "\xC3\xA9",
                                                 "/"};
  std::mt19937 random(5);
  for (int round = 0; round < 3'000; ++round) {
    std::string dump;
    for (auto i = random() % 40; i > 0; --i) dump += kPieces[random() % std::size(kPieces)];
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; at < dump.size(); at += random() % 6 + 1) cuts.push_back(at);
    const Seen whole = scan(dump), cut = scan(dump, cuts);
    ASSERT_EQ(whole.log, cut.log) << dump;
    ASSERT_EQ(whole.completed, cut.completed) << dump;
    ASSERT_EQ(whole.sandbox, cut.sandbox) << dump;
  }
}

TEST(SqlScanner, LongString_IsNotKept) {
  std::string dump = "CREATE TABLE `a` (`x` longtext);\nINSERT INTO `a` VALUES ('";
  dump.append(20'000'000, 'y');
  dump += "'),('z');\n";
  const Seen seen = scan(dump);
  EXPECT_EQ(seen.sections.tables().at("a").rows, 2U);
}

}  // namespace
}  // namespace wobackup
