#include "source/database/sql_scanner.h"

#include <gtest/gtest.h>

#include <random>

#include "source/database/dump_sections.h"

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
  EXPECT_EQ(seen.sections.sequences().at("s").size(), 2U);
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

TEST(SqlScanner, LongString_IsNotKept) {
  std::string dump = "CREATE TABLE `a` (`x` longtext);\nINSERT INTO `a` VALUES ('";
  dump.append(20'000'000, 'y');
  dump += "'),('z');\n";
  const Seen seen = scan(dump);
  EXPECT_EQ(seen.sections.tables().at("a").rows, 2U);
}

}  // namespace
}  // namespace wobackup
