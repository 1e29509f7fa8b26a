// Tables of dumps: given out one by one, and compared.
#include <gtest/gtest.h>

#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "inspect/difference.h"
#include "inspect/dump_entry.h"
#include "inspect/dump_member.h"
#include "inspect/sql_parts.h"
#include "store/archive/archive_file.h"
#include "store/archive/made_members.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::MadeMembers;

std::string table_sql(const std::string& name, const std::string& rows, const std::string& more_columns = "") {
  return "DROP TABLE IF EXISTS `" + name + "`;\nCREATE TABLE `" + name + "` (\n  `id` int(11)" + more_columns +
         "\n) ENGINE=InnoDB AUTO_INCREMENT=" + std::to_string(rows.size()) + ";\nLOCK TABLES `" + name +
         "` WRITE;\nINSERT INTO `" + name + "` VALUES " + rows + ";\nUNLOCK TABLES;\n";
}
constexpr const char* kPreamble = "/*!40101 SET NAMES utf8mb4 */;\n/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n";
constexpr const char* kTrigger =
    "DELIMITER ;;\nCREATE TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET @x = 1 ;;\nDELIMITER ;\n";

class Tables : public ::testing::Test {
 protected:
  // The same dump in an indexed archive and in one of another program.
  fs::path indexed(const std::string& name, const std::string& sql,
                   const std::function<void(ManifestEntry&)>& change = {}) const {
    DumpDescriber describer;
    describer.feed(bytes_of(sql));
    const Json database = describer.finish();
    MadeMembers made;
    made.has_database();
    made.add(MadeMembers::file("example.com.sql", sql.size()), sql, [&](ManifestEntry& listed) {
      listed.database = database;
      if (change) change(listed);
    });
    const fs::path path = folder_ / name;
    test::write_file(path, made.file_bytes());
    return path;
  }
  fs::path foreign(const std::string& name, const std::string& sql) const {
    folder_.write("tree/2020-01-01_00-00-00/vhost.json", "{}");
    folder_.write("tree/2020-01-01_00-00-00/example.com.sql", sql);
    const fs::path path = folder_ / name;
    test::run_in(folder_ / "tree", {"tar", "--zstd", "-cf", path.string(), "2020-01-01_00-00-00"});
    return path;
  }
  static std::string dumped(const fs::path& archive, const DumpOptions& options) {
    std::string text;
    dump_member(archive, {}, options, [&](ByteSpan bytes) { text += text_of(bytes); });
    return text;
  }
  static std::vector<TableChange> changes(const fs::path& before, const fs::path& after) {
    return archives_difference(*open_archive(before, {}), *open_archive(after, {}), {}, [](const EntryChange&) {})
        .tables;
  }
  test::ScratchFolder folder_;
};

TEST_F(Tables, OneTable_ComesWithWhatAllAssume_AndItsTriggers) {
  const std::string sql = std::string(kPreamble) + "\n--\n-- Table structure for table `a`\n--\n\n" +
                          table_sql("a", "(1),(2)") + kTrigger + table_sql("b", "(3)");
  for (const fs::path& archive : {indexed("i.tar.zst", sql), foreign("f.tar.zst", sql)}) {
    const std::string a = dumped(archive, {.path = "", .table = "a", .database = false});
    EXPECT_TRUE(a.starts_with(kPreamble)) << a;
    EXPECT_NE(a.find("CREATE TABLE `a`"), std::string::npos) << a;
    EXPECT_NE(a.find("VALUES (1),(2);"), std::string::npos) << a;
    EXPECT_NE(a.find("CREATE TRIGGER `t`"), std::string::npos) << a;
    EXPECT_EQ(a.find("`b`"), std::string::npos) << a;
    const std::string b = dumped(archive, {.path = "", .table = "b", .database = false});
    EXPECT_TRUE(b.starts_with(kPreamble)) << b;
    EXPECT_EQ(b.find("`a`"), std::string::npos) << b;
    EXPECT_EQ(dumped(archive, {.path = "", .table = "", .database = true}), sql);
    EXPECT_NE(
        test::refusal([&] { dumped(archive, {.path = "", .table = "c", .database = false}); }, ErrorKind::not_found)
            .find("no table c"),
        std::string::npos);
  }
}

TEST_F(Tables, RangesThatLie_AreRefused) {
  const std::string sql = kPreamble + table_sql("a", "(1)");
  const std::vector<Json> lies{Json::parse("[5,1]"), Json::parse("[0,99999999999]"), Json::parse("[-1,3]"),
                               Json::parse("\"x\""), Json::parse("[1]")};
  for (const Json& lie : lies) {
    const fs::path archive =
        indexed("x.tar.zst", sql, [&](ManifestEntry& listed) { listed.database["tables"][0]["data"] = lie; });
    EXPECT_TRUE(test::refuses([&] { dumped(archive, {.path = "", .table = "a", .database = false}); }, "range")) << lie;
  }
  const fs::path odd = indexed("y.tar.zst", sql, [](ManifestEntry& listed) { listed.database["tables"] = "none"; });
  EXPECT_NE(test::refusal([&] { dumped(odd, {.path = "", .table = "a", .database = false}); }, ErrorKind::not_found),
            "");
}

TEST_F(Tables, Difference_TellsRowsDefinitionsAndWhatCameOrWent) {
  const std::string before =
      kPreamble + table_sql("a", "(1),(2)") + table_sql("b", "(1)") + table_sql("c", "(1)") + table_sql("same", "(7)");
  const std::string after = kPreamble + table_sql("a", "(1),(2),(3)") + table_sql("b", "(9)", ",\n `n` text") +
                            table_sql("d", "(1)") + table_sql("same", "(7)");
  const std::vector<std::pair<fs::path, fs::path>> pairs{{indexed("1.tar.zst", before), indexed("2.tar.zst", after)},
                                                         {foreign("3.tar.zst", before), indexed("4.tar.zst", after)},
                                                         {foreign("5.tar.zst", before), foreign("6.tar.zst", after)}};
  for (const auto& [old_archive, new_archive] : pairs) {
    std::vector<std::string> told;
    for (const TableChange& change : changes(old_archive, new_archive)) {
      told.push_back(change.name + " " + change.change + (change.definition ? " definition " : " ") +
                     (change.before ? std::to_string(change.before->rows) : "-") + ">" +
                     (change.after ? std::to_string(change.after->rows) : "-"));
    }
    EXPECT_EQ(told,
              (std::vector<std::string>{"a changed 2>3", "b changed definition 1>1", "c removed 1>-", "d added ->1"}));
  }
}

TEST_F(Tables, SameNumberOfRowsAndBytes_IsStillADifference) {
  const auto found = changes(indexed("1.tar.zst", kPreamble + table_sql("a", "(1)")),
                             indexed("2.tar.zst", kPreamble + table_sql("a", "(2)")));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].definition);
}

}  // namespace
}  // namespace wobackup
