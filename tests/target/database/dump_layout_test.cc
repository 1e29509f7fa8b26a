// Layouts: what a manifest says is checked.
#include "target/database/dump_layout.h"

#include <gtest/gtest.h>

#include "fakes/memory_file.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

Json good() {
  return Json::parse(R"({"name": "d", "max_allowed_packet": 50, "tables": [
    {"name": "a", "rows": 2, "schema": [100, 200], "data": [200, 300]},
    {"name": "b", "rows": 0, "schema": [300, 400], "data": [0, 0]}],
    "views": [{"name": "v", "ranges": [[400, 450], [500, 600]]}],
    "triggers": [{"name": "t", "table": "a", "ranges": [[450, 480]]}],
    "broken_views": [{"name": "w", "why": "x", "definition": "y"}]})");
}

TEST(DumpLayout, AManifestIsRead) {
  const DumpLayout layout = layout_from_manifest(good(), 600);
  EXPECT_EQ(layout.database, "d");
  EXPECT_EQ(layout.tables.size(), 2U);
  EXPECT_EQ(layout.tables[0].section.rows, 2U);
  EXPECT_EQ(layout.prelude.end, 100U);
  EXPECT_EQ(layout.triggers[0].table, "a");
  EXPECT_EQ(layout.broken_views, std::vector<std::string>{"w"});
  EXPECT_EQ(layout.longest_statement, 50U);
  EXPECT_EQ(layout.ranges().size(), 6U);
}

TEST(DumpLayout, NamesThatAreNotUtf8AreBase64) {
  Json json = good();
  json["tables"][0]["name_b64"] = "/w==";
  EXPECT_EQ(layout_from_manifest(json, 600).tables[0].name, "\xff");
  json["tables"][0]["name_b64"] = "?";
  EXPECT_TRUE(test::refuses([&] { static_cast<void>(layout_from_manifest(json, 600)); }));
}

TEST(DumpLayout, AManifestThatIsNotRightIsRefused) {
  const auto refused = [](const char* pointer, const Json& value) {
    Json json = good();
    json[Json::json_pointer(pointer)] = value;
    return test::refuses([&] { static_cast<void>(layout_from_manifest(json, 600)); });
  };
  EXPECT_TRUE(refused("/tables/0/schema", {100, 201})) << "overlap";
  EXPECT_TRUE(refused("/tables/0/data", {250, 301})) << "overlap";
  EXPECT_TRUE(refused("/tables/0/data", {50, 60})) << "rows before the schema";
  EXPECT_TRUE(refused("/tables/0/data", {0, 0})) << "rows nowhere";
  EXPECT_TRUE(refused("/tables/0/schema", {150, 150}));
  EXPECT_TRUE(refused("/tables/0/schema", {200, 100}));
  EXPECT_TRUE(refused("/tables/0/schema", {-1, 100}));
  EXPECT_TRUE(refused("/tables/0/schema", {1}));
  EXPECT_TRUE(refused("/tables/0/schema", nullptr));
  EXPECT_TRUE(refused("/views/0/ranges/1", {590, 601})) << "behind the end";
  EXPECT_TRUE(refused("/views/0/ranges/1", {590, UINT64_MAX}));
  EXPECT_TRUE(refused("/views/0/ranges", Json::array()));
  EXPECT_TRUE(refused("/views/0", "v"));
  EXPECT_TRUE(refused("/tables/1/name", "a")) << "twice";
  EXPECT_TRUE(refused("/tables/1/name", ""));
  EXPECT_TRUE(refused("/tables/1/name", 5));
  EXPECT_TRUE(refused("/tables", "x"));
  EXPECT_TRUE(refused("/max_allowed_packet", -1));
  EXPECT_TRUE(test::refuses([] { static_cast<void>(layout_from_manifest(Json::array(), 600)); }));
}

TEST(DumpLayout, AScanFindsWhatADumpHolds) {
  const std::string dump =
      "SET NAMES utf8mb4;\nDROP TABLE IF EXISTS `a`;\nCREATE TABLE `a` (x int);\nINSERT INTO `a` VALUES (1),(2);\n"
      "-- Dump completed\n";
  const Cancellation never;
  const DumpLayout layout = layout_by_scan(test::MemoryFile(bytes_of(dump)), never);
  ASSERT_EQ(layout.tables.size(), 1U);
  EXPECT_EQ(layout.tables[0].section.rows, 2U);
  EXPECT_EQ(dump.substr(layout.prelude.begin, layout.prelude.end), "SET NAMES utf8mb4;\n");
  const std::string cut = dump.substr(0, dump.size() - 10);
  EXPECT_TRUE(
      test::refuses([&] { static_cast<void>(layout_by_scan(test::MemoryFile(bytes_of(cut)), never)); }, "cut off"));
}

}  // namespace
}  // namespace wobackup
