// Sections of real dumps. dump_sections_mariadb.sql is what mariadb-dump 10.11 wrote of a database with every kind of
// object and with names and texts chosen to mislead; dump_sections_mysql8.sql has the forms of MySQL 8's mysqldump.
#include "database/dump_sections.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>

namespace wobackup {
namespace {

std::string text_file(const std::string& name) {
  std::ifstream file(std::string(WOBACKUP_TEST_DATA) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Scan {
  DumpSections sections;
  bool completed = false;
  bool sandbox = false;
};

Scan scan(std::string_view dump, const std::vector<std::size_t>& cuts = {}) {
  Scan result;
  SqlScanner scanner([&result](const SqlStatement& statement) { result.sections.add(statement); });
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {
    scanner.feed(bytes_of(dump.substr(at, cut - at)));
    at = cut;
  }
  scanner.feed(bytes_of(dump.substr(at)));
  scanner.finish();
  result.completed = scanner.completed();
  result.sandbox = scanner.has_sandbox_line();
  return result;
}

std::string description(const Scan& scanned) {
  Json json;
  scanned.sections.describe(json);
  return json.dump(1);
}

template <class Map>
std::vector<std::string> names(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& item : map) keys.push_back(item.first);
  return keys;
}
using Names = std::vector<std::string>;

// Every range of a dump: tables' schemas and rows, and all other objects'.
std::vector<ByteRange> all_ranges(const DumpSections& sections) {
  std::vector<ByteRange> ranges;
  for (const auto& [name, table] : sections.tables()) {
    ranges.push_back(table.schema);
    if (table.data.end != 0) ranges.push_back(table.data);
  }
  for (const auto* objects :
       {&sections.views(), &sections.triggers(), &sections.routines(), &sections.events(), &sections.sequences()}) {
    for (const auto& [name, list] : *objects) ranges.insert(ranges.end(), list.begin(), list.end());
  }
  return ranges;
}

TEST(DumpSections, MariaDbDump_HasEveryObject) {
  const Scan scanned = scan(text_file("dump_sections_mariadb.sql"));
  EXPECT_TRUE(scanned.completed);
  EXPECT_TRUE(scanned.sandbox);
  const DumpSections& sections = scanned.sections;
  EXPECT_EQ(names(sections.tables()),
            (Names{"/*!50001 x*/", "VALUES", "back\\\\slash", "back`tick", "café", "dot.ted;semi", "empty", "myi",
                   "name with space", "new\nline", "parts", "plain", "quo'te\"d"}));
  EXPECT_EQ(names(sections.views()), (Names{"v1", "view with 'all' \"of;it"}));
  EXPECT_EQ(names(sections.triggers()), (Names{"ansi trig", "tnobs", "trig one", "trig2"}));
  EXPECT_EQ(names(sections.routines()),
            (Names{"function f1", "package pack", "procedure ansi", "procedure nobs", "procedure p'r\"o`c"}));
  EXPECT_EQ(names(sections.events()), Names{"ev1"});
  EXPECT_EQ(names(sections.sequences()), (Names{"seq `2", "seq1"}));
  EXPECT_EQ(sections.views().at("v1").size(), 2U);
  EXPECT_EQ(sections.routines().at("package pack").size(), 2U);
}

TEST(DumpSections, MariaDbDump_RowsAreCounted) {
  const Scan scanned = scan(text_file("dump_sections_mariadb.sql"));
  std::vector<std::pair<std::string, std::uint64_t>> rows;
  for (const auto& [name, table] : scanned.sections.tables()) rows.emplace_back(name, table.rows);
  const std::vector<std::pair<std::string, std::uint64_t>> expected{
      {"/*!50001 x*/", 1}, {"VALUES", 2}, {"back\\\\slash", 0}, {"back`tick", 1},       {"café", 1},
      {"dot.ted;semi", 1}, {"empty", 0},  {"myi", 1},           {"name with space", 2}, {"new\nline", 2},
      {"parts", 2},        {"plain", 5},  {"quo'te\"d", 3}};
  EXPECT_EQ(rows, expected);
}

TEST(DumpSections, MySql8Dump_HasEveryObject) {
  const Scan scanned = scan(text_file("dump_sections_mysql8.sql"));
  EXPECT_TRUE(scanned.completed);
  EXPECT_FALSE(scanned.sandbox);
  const DumpSections& sections = scanned.sections;
  EXPECT_EQ(names(sections.tables()), Names{"items"});
  EXPECT_EQ(sections.tables().at("items").rows, 3U);
  EXPECT_EQ(names(sections.views()), Names{"cheap"});
  EXPECT_EQ(names(sections.triggers()), Names{"items_bi"});
  EXPECT_EQ(names(sections.routines()), Names{"procedure tidy"});
  EXPECT_EQ(names(sections.events()), Names{"nightly"});
}

TEST(DumpSections, EachRange_IsAScriptOfItsOwn) {
  for (const char* file : {"dump_sections_mariadb.sql", "dump_sections_mysql8.sql"}) {
    const std::string dump = text_file(file);
    const Scan scanned = scan(dump);
    std::vector<ByteRange> ranges = all_ranges(scanned.sections);
    for (const ByteRange& range : ranges) {
      const std::string script = dump.substr(range.begin, range.end - range.begin);
      std::string last;
      std::uint64_t saved = 0, restored = 0;
      SqlScanner scanner([&](const SqlStatement& statement) {
        last = statement.head;
        if (last.find("SET @saved_") != std::string::npos) ++saved;
        if (last.find("= @saved_") != std::string::npos) ++restored;
      });
      scanner.feed(bytes_of(script + "\nSELECT 'next';\n-- Dump completed\n"));
      scanner.finish();
      EXPECT_EQ(last, "SELECT 'next';") << script;
      EXPECT_TRUE(scanner.completed()) << script;
      EXPECT_EQ(saved, restored) << script;
    }
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < ranges.size(); ++i) EXPECT_LE(ranges[i - 1].end, ranges[i].begin) << file << i;
  }
}

TEST(DumpSections, AlteredDatabase_IsPutBackWithinTheRange) {
  const std::string dump = text_file("dump_sections_mariadb.sql");
  const Scan scanned = scan(dump);
  const auto whole = [&dump](const ByteRange& range) { return dump.substr(range.begin, range.end - range.begin); };
  for (const std::string& script :
       {whole(scanned.sections.triggers().at("trig one").at(0)), whole(scanned.sections.events().at("ev1").at(0)),
        whole(scanned.sections.routines().at("procedure nobs").at(0))}) {
    const std::size_t away = script.find("ALTER DATABASE `kinds` CHARACTER SET utf8mb4");
    const std::size_t back = script.find("ALTER DATABASE `kinds` CHARACTER SET latin1");
    ASSERT_NE(away, std::string::npos) << script;
    ASSERT_NE(back, std::string::npos) << script;
    EXPECT_LT(away, script.find("CREATE")) << script;
    EXPECT_GT(back, script.find("CREATE")) << script;
  }
}

TEST(DumpSections, AnyCuts_GiveTheSameSections) {
  for (const char* file : {"dump_sections_mariadb.sql", "dump_sections_mysql8.sql"}) {
    const std::string dump = text_file(file);
    const std::string whole = description(scan(dump));
    std::vector<std::size_t> every;
    for (std::size_t i = 1; i < dump.size(); ++i) every.push_back(i);
    EXPECT_EQ(description(scan(dump, every)), whole);
    std::mt19937 random(11);
    for (int round = 0; round < 50; ++round) {
      std::vector<std::size_t> cuts;
      for (std::size_t at = random() % 300; at < dump.size(); at += random() % 300 + 1) cuts.push_back(at);
      ASSERT_EQ(description(scan(dump, cuts)), whole) << file << round;
    }
  }
}

TEST(DumpSections, CutOffAnywhere_IsNotCompleted) {
  const std::string dump = text_file("dump_sections_mariadb.sql");
  const std::size_t marker = dump.rfind("-- Dump completed");
  for (std::size_t size = 0; size <= marker + std::string_view("-- Dump complete").size(); size += 16) {
    ASSERT_FALSE(scan(std::string_view(dump).substr(0, size)).completed) << size;
  }
  for (std::size_t size = marker; size < marker + std::string_view("-- Dump completed").size(); ++size) {
    ASSERT_FALSE(scan(std::string_view(dump).substr(0, size)).completed) << size;
  }
}

TEST(DumpSections, Triggers_NameTheirTable) {
  const Scan scanned = scan(text_file("dump_sections_mariadb.sql"));
  Json json;
  scanned.sections.describe(json);
  std::vector<std::pair<std::string, std::string>> tables;
  for (const Json& trigger : json["triggers"]) tables.emplace_back(trigger["name"], trigger["table"]);
  EXPECT_EQ(tables,
            (std::vector<std::pair<std::string, std::string>>{
                {"ansi trig", "name with space"}, {"tnobs", "plain"}, {"trig one", "plain"}, {"trig2", "back`tick"}}));
}

TEST(DumpSections, StandInTable_BecomesTheView) {
  const Scan scanned = scan(
      "DROP TABLE IF EXISTS `v`;\n/*!50001 CREATE TABLE `v` (`a` tinyint NOT NULL) ENGINE=MyISAM */;\n"
      "/*!50001 DROP TABLE IF EXISTS `v`*/;\n/*!50001 CREATE VIEW `v` AS select 1 AS `a` */;\n");
  EXPECT_TRUE(scanned.sections.tables().empty());
  EXPECT_EQ(scanned.sections.views().at("v").size(), 2U);
}

TEST(DumpSections, RowsWithAutocommitOff_IncludeTheirCommit) {
  const std::string dump =
      "CREATE TABLE `t` (`a` int);\nLOCK TABLES `t` WRITE;\nset autocommit=0;\nINSERT INTO `t` VALUES (1);\n"
      "UNLOCK TABLES;\ncommit;\nCREATE TABLE `u` (`a` int);\n";
  const Scan scanned = scan(dump);
  const ByteRange data = scanned.sections.tables().at("t").data;
  const std::string_view text = std::string_view(dump).substr(data.begin, data.end - data.begin);
  EXPECT_TRUE(text.starts_with("LOCK TABLES")) << text;
  EXPECT_TRUE(text.ends_with("commit;")) << text;
}

TEST(DumpSections, NameThatIsNotUtf8_IsAlsoGivenAsBase64) {
  const Scan scanned = scan("CREATE TABLE `a\xFF` (`x` int);\n");
  Json json;
  scanned.sections.describe(json);
  EXPECT_EQ(json["tables"][0]["name_b64"], "Yf8=");
  EXPECT_NO_THROW((void)json.dump());
}

TEST(DumpSections, UnquotedNames_KeepTheirSpelling) {
  const Scan scanned =
      scan("CREATE TRIGGER IF NOT EXISTS Body /* on `x` */ AFTER INSERT ON shop.Items FOR EACH ROW SET @a=1;\n");
  Json json;
  scanned.sections.describe(json);
  ASSERT_EQ(json["triggers"].size(), 1U);
  EXPECT_EQ(json["triggers"][0]["name"], "Body");
  EXPECT_EQ(json["triggers"][0]["table"], "Items");
}

}  // namespace
}  // namespace wobackup
