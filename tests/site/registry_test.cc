// The rows of the registry: usable ones, and those that nobody can use.
#include "site/registry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fakes/scratch_folder.h"
#include "site/made_registry.h"
#include "site/told.h"

namespace wobackup {
namespace {

using test::contains;
using test::MadeRegistry;
using test::told;

class Registry : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<Site> read() {
    left_out_.clear();
    return read_registry(registry_.path(), {}, std::chrono::milliseconds(50), &left_out_);
  }
  // The one row is left out, for this reason.
  void expect_left_out(const std::string& why) {
    EXPECT_TRUE(read().empty());
    ASSERT_EQ(left_out_.size(), 1U);
    EXPECT_TRUE(contains(left_out_.front(), why)) << left_out_.front();
  }

  test::ScratchFolder folder_;
  MadeRegistry registry_{folder_ / "dbase.db"};
  std::vector<std::string> left_out_;
};

TEST_F(Registry, EveryColumn_IsRead) {
  registry_.run(
      "INSERT INTO sites VALUES (7, 'example.com', 'wpsubdir', 'wpredis', '/var/www/example.com', "
      "'2024-05-01 10:20:30.000000', 0, 1, 'ext4', 'mysql', 'example_com', 'excom', 'se''cret', 'localhost', 0, "
      "'8.2')");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  const Site& site = sites.front();
  EXPECT_EQ(site.name, "example.com");
  EXPECT_EQ(site.type, SiteType::wpsubdir);
  EXPECT_EQ(site.origin, SiteOrigin::registry);
  EXPECT_EQ(site.path, "/var/www/example.com");
  EXPECT_FALSE(site.enabled);
  EXPECT_EQ(site.recorded_password, "se'cret");
  EXPECT_EQ(site.record.id, 7);
  EXPECT_EQ(site.record.sitename, "example.com");
  EXPECT_EQ(site.record.site_type, "wpsubdir");
  EXPECT_EQ(site.record.cache_type, "wpredis");
  EXPECT_EQ(site.record.site_path, "/var/www/example.com");
  EXPECT_EQ(site.record.created_on, "2024-05-01 10:20:30.000000");
  EXPECT_EQ(site.record.is_enabled, false);
  EXPECT_EQ(site.record.is_ssl, true);
  EXPECT_EQ(site.record.storage_fs, "ext4");
  EXPECT_EQ(site.record.storage_db, "mysql");
  EXPECT_EQ(site.record.db_name, "example_com");
  EXPECT_EQ(site.record.db_user, "excom");
  EXPECT_EQ(site.record.db_host, "localhost");
  EXPECT_EQ(site.record.php_version, "8.2");
  EXPECT_TRUE(left_out_.empty());
}

TEST_F(Registry, Nulls_AreNotEmptyTexts) {
  registry_.add_site("example.com");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  const SiteRecord& record = sites.front().record;
  EXPECT_EQ(record.site_type, "html");
  EXPECT_FALSE(record.cache_type || record.created_on || record.is_ssl || record.storage_fs || record.storage_db);
  EXPECT_FALSE(record.db_name || record.db_user || record.db_host || record.php_version);
  EXPECT_FALSE(sites.front().recorded_password);
  EXPECT_TRUE(sites.front().enabled);
  registry_.run("UPDATE sites SET db_name = '', db_password = ''");
  EXPECT_EQ(read().front().record.db_name, "");
  EXPECT_EQ(read().front().recorded_password, "");
}

TEST_F(Registry, Sites_ComeByName) {
  for (const char* name : {"b.example", "a.example", "c.example"}) registry_.add_site(name);
  const auto sites = read();
  ASSERT_EQ(sites.size(), 3U);
  EXPECT_EQ(sites[0].name, "a.example");
  EXPECT_EQ(sites[1].name, "b.example");
  EXPECT_EQ(sites[2].name, "c.example");
}

TEST_F(Registry, AnEmptyTable_HasNoSites) {
  EXPECT_TRUE(read().empty());
  EXPECT_TRUE(left_out_.empty());
}

TEST_F(Registry, HostileNames_AreLeftOutAndTold) {
  const char* names[] = {"'../x'",
                         "'a/b'",
                         "''",
                         "NULL",
                         "'-a.example'",
                         "'a..b'",
                         "'a b'",
                         "'a.example/'",
                         "'.'",
                         "'..'",
                         "'$(id)'",
                         "x'612e00622e63'",
                         "x'ff2e636f'",
                         "'a;b'",
                         "'a'||char(10)",
                         "'b\u00fccher.example'",
                         "printf('%.*c', 300, 'a')"};
  std::size_t number = 0;
  for (const char* name : names) {
    registry_.add(name, "'/var/www/a'");
    ++number;
  }
  registry_.add_site("good.example");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites.front().name, "good.example");
  EXPECT_EQ(left_out_.size(), number);
}

TEST_F(Registry, WhatIsTold_CannotRewriteTheTerminal) {
  registry_.add("'a'||char(27)||'[2J'||char(10)", "'/var/www/a'");
  registry_.add("'b.example'", "'www'||char(27)||char(10)");
  EXPECT_TRUE(read().empty());
  ASSERT_EQ(left_out_.size(), 2U);
  for (const std::string& text : left_out_) {
    EXPECT_EQ(text.find_first_of("\x1b\n"), std::string::npos) << text;
    EXPECT_TRUE(contains(text, "\\x1b")) << text;
  }
}

TEST_F(Registry, HostilePaths_AreLeftOut) {
  const char* paths[] = {
      "NULL",          "''",        "'/'",    "'//'", "'/.'", "'www'", "'../www'", "'/var/www/../../etc'", "'/..'",
      "x'2f76617200'", "'/var/..'", "'~/www'"};
  int number = 0;
  for (const char* path : paths) {
    const std::string name = "site" + std::to_string(++number) + ".example";
    registry_.add("'" + name + "'", path);
  }
  const auto sites = read();
  EXPECT_TRUE(sites.empty()) << sites.front().path;
  EXPECT_EQ(left_out_.size(), std::size(paths));
}

TEST_F(Registry, NamesInCapitals_BecomeSmall) {
  registry_.add("'Example.COM'", "'/var/www/a/./b//c/'");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites.front().name, "example.com");
  EXPECT_EQ(sites.front().path, "/var/www/a/b/c");
}

TEST_F(Registry, ANameThatIsThereTwice_IsTaken_AndToldOnce) {
  registry_.add("'example.com'", "'/var/www/first'");
  registry_.add("'EXAMPLE.com'", "'/var/www/second'");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites.front().path, "/var/www/first");
  ASSERT_EQ(left_out_.size(), 1U);
  EXPECT_TRUE(contains(left_out_.front(), "row 2")) << left_out_.front();
  EXPECT_TRUE(contains(left_out_.front(), "example.com is there twice")) << left_out_.front();
}

TEST_F(Registry, LongValues_CostTheirRowOnly) {
  registry_.add_site("good.example");
  registry_.add_site("bad.example");
  const auto set = [&](const std::string& column, const std::string& bytes) {
    registry_.run("UPDATE sites SET " + column + " = printf('%.*c', " + bytes + ", 'x') WHERE id = 2");
  };
  set("db_user", "4096");
  EXPECT_EQ(read().size(), 2U);
  set("db_user", "4097");
  EXPECT_EQ(read().size(), 1U);
  ASSERT_EQ(left_out_.size(), 1U);
  EXPECT_TRUE(contains(left_out_.front(), "its db_user has 4097 bytes")) << left_out_.front();
  registry_.run("UPDATE sites SET db_user = NULL");
  set("is_hhvm", "20000000");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites.front().name, "good.example");
  ASSERT_EQ(left_out_.size(), 1U);
  EXPECT_TRUE(contains(left_out_.front(), "row 2")) << left_out_.front();
  EXPECT_TRUE(contains(left_out_.front(), "enormous")) << left_out_.front();
}

TEST_F(Registry, BinaryValues_ArriveAsBytes) {
  registry_.add_site("example.com");
  registry_.run("UPDATE sites SET db_name = x'61ff0062', db_password = x'00'");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites.front().record.db_name, std::string("a\xff\0b", 4));
  EXPECT_EQ(sites.front().recorded_password, std::string("\0", 1));
}

TEST_F(Registry, ValuesOfOtherTypes_AreTakenAsText) {
  registry_.add_site("example.com");
  registry_.run(
      "UPDATE sites SET php_version = 8, db_password = 123456, db_host = 1.5, is_ssl = 'TRUE', cache_type = 0");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites.front().record.php_version, "8");
  EXPECT_EQ(sites.front().recorded_password, "123456");
  EXPECT_EQ(sites.front().record.db_host, "1.5");
  EXPECT_EQ(sites.front().record.is_ssl, true);
  EXPECT_EQ(sites.front().record.cache_type, "0");
}

TEST_F(Registry, UnknownKinds_AreKeptAsOther) {
  registry_.add_site("example.com");
  registry_.run("UPDATE sites SET site_type = 'wpnew'");
  const auto sites = read();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites.front().type, SiteType::other);
  EXPECT_EQ(sites.front().record.site_type, "wpnew");
}

TEST_F(Registry, WithoutAPlaceForThem_LeftOutRowsAreLogged) {
  registry_.add("'../x'", "'/var/www/a'");
  std::vector<std::string> warnings;
  const LogSink log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) warnings.emplace_back(text);
  };
  EXPECT_TRUE(read_registry(registry_.path(), log).empty());
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(contains(warnings.front(), "row 1 of the WordOps registry was left out")) << warnings.front();
  EXPECT_TRUE(read_registry(registry_.path(), {}).empty()) << "an empty sink drops it";
}

TEST(RegistryTable, WithFewerColumns_TheMissingOnesAreNull) {
  const test::ScratchFolder folder;
  const MadeRegistry registry(folder / "dbase.db", "CREATE TABLE sites (sitename, site_path, later_column)");
  registry.run("INSERT INTO sites VALUES ('example.com', '/var/www/a', 'x')");
  const auto sites = read_registry(registry.path(), {});
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_FALSE(sites.front().record.id || sites.front().record.db_name || sites.front().record.is_enabled);
  EXPECT_TRUE(sites.front().enabled);
}

TEST(RegistryTable, WithoutNames_LeavesAllOut) {
  const test::ScratchFolder folder;
  const MadeRegistry registry(folder / "dbase.db", "CREATE TABLE sites (a, b)");
  registry.run("INSERT INTO sites VALUES (1, 2), (3, 4)");
  std::vector<std::string> left_out;
  EXPECT_TRUE(read_registry(registry.path(), {}, std::chrono::seconds(1), &left_out).empty());
  EXPECT_EQ(left_out.size(), 2U);
}

TEST(RegistryTable, ThatIsNotThere_IsAnErrorWithAHint) {
  for (const char* schema :
       {"CREATE TABLE other (a)", "CREATE VIEW sites AS SELECT 'a.example' AS sitename",
        "CREATE VIRTUAL TABLE sites USING fts5(sitename)", "CREATE TABLE t (a); CREATE INDEX sites ON t (a)"}) {
    const test::ScratchFolder folder;
    const MadeRegistry registry(folder / "dbase.db", schema);
    const std::string text = told([&] { static_cast<void>(read_registry(registry.path(), {})); });
    EXPECT_TRUE(contains(text, "failed: ")) << text;
    EXPECT_TRUE(contains(text, "has no table \"sites\" | is it the WordOps registry?")) << schema << text;
  }
}

TEST(RegistryTable, WithAColumnThatGrowsWhenItIsRead_LeavesItsRowsOut) {
  const test::ScratchFolder folder;
  const MadeRegistry registry(folder / "dbase.db",
                              "CREATE TABLE sites (sitename, site_path, db_name AS (hex(zeroblob(900000))))");
  registry.run("INSERT INTO sites (sitename, site_path) VALUES ('example.com', '/var/www/a')");
  std::vector<std::string> left_out;
  EXPECT_TRUE(read_registry(registry.path(), {}, std::chrono::seconds(1), &left_out).empty());
  ASSERT_EQ(left_out.size(), 1U);
  EXPECT_TRUE(contains(left_out.front(), "enormous")) << left_out.front();
}

}  // namespace
}  // namespace wobackup
