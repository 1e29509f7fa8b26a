#include "container/manifest.h"

#include <gtest/gtest.h>

#include "base/json_text.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::refuses;

std::string line_of(const ManifestEntry& entry) {
  std::string line;
  append_manifest_line(line, entry);
  return line;
}

ManifestEntry read_back(const ManifestEntry& entry) {
  const std::string line = line_of(entry);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  return manifest_entry_from(std::string_view(line).substr(0, line.size() - 1));
}

auto reading(const std::string& line) {
  return [line] { static_cast<void>(manifest_entry_from(line)); };
}

ManifestEntry full_entry() {
  ManifestEntry line;
  line.entry.path = "htdocs/index.php";
  line.entry.mode = 04644;
  line.entry.uid = 33;
  line.entry.gid = 4'294'967'295;
  line.entry.user = "www-data";
  line.entry.group = "www-data";
  line.entry.size = std::uint64_t{1} << 60U;
  line.entry.mtime = {-5, 123'456'789};
  line.entry.sparse = true;
  line.sha256 = sha256(bytes_of("x"));
  line.offset = 2048;
  line.flags = {"changed", "grew"};
  line.error = "Input/output error";
  line.database = {{"name", "wp"}, {"tables", Json::array({{{"name", "wp_posts"}, {"rows", 3}}})}};
  return line;
}

TEST(ManifestLine, HasTheDocumentedKeys) {
  EXPECT_EQ(line_of(full_entry()),
            R"({"path":"htdocs/index.php","type":"file","mode":2468,"uid":33,"gid":4294967295,"user":"www-data",)"
            R"("group":"www-data","size":1152921504606846976,"mtime":-5,"mtime_ns":123456789,"sparse":true,)"
            R"("sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","offset":2048,)"
            R"("flags":["changed","grew"],"error":"Input/output error",)"
            R"("database":{"name":"wp","tables":[{"name":"wp_posts","rows":3}]}})"
            "\n");
}

TEST(ManifestLine, EveryValueComesBack) {
  const ManifestEntry line = full_entry();
  const ManifestEntry again = read_back(line);
  EXPECT_EQ(again.entry.path, line.entry.path);
  EXPECT_EQ(again.entry.mode, line.entry.mode);
  EXPECT_EQ(again.entry.uid, line.entry.uid);
  EXPECT_EQ(again.entry.gid, line.entry.gid);
  EXPECT_EQ(again.entry.user, line.entry.user);
  EXPECT_EQ(again.entry.group, line.entry.group);
  EXPECT_EQ(again.entry.size, line.entry.size);
  EXPECT_EQ(again.entry.mtime, line.entry.mtime);
  EXPECT_TRUE(again.entry.sparse);
  EXPECT_EQ(again.sha256, line.sha256);
  EXPECT_EQ(again.offset, line.offset);
  EXPECT_EQ(again.flags, line.flags);
  EXPECT_EQ(again.error, line.error);
  EXPECT_EQ(again.database, line.database);
}

TEST(ManifestLine, NamesOfAnyBytes_ComeBack) {
  for (const std::string name : {"plain", "new\nline", "tab\tquote\"back\\slash", "\x01\x1F\x7F", "Grüße 😀", "\xFF\xFE",
                                 "half \xC3", "\xED\xA0\x80", "\xC0\xAF", "</script>", "\xE2\x80\xA8"}) {
    ManifestEntry line;
    line.entry.path = "htdocs/" + name;
    line.entry.type = EntryType::symlink;
    line.entry.link = "../" + name;
    line.entry.user = name;
    const ManifestEntry again = read_back(line);
    EXPECT_EQ(again.entry.path, line.entry.path);
    EXPECT_EQ(again.entry.link, line.entry.link);
    EXPECT_EQ(again.entry.user, line.entry.user);
    EXPECT_TRUE(untrusted_json(line_of(line))) << "every line is JSON, whatever the name";
  }
}

TEST(ManifestLine, EveryTypeComesBack) {
  for (const EntryType type : {EntryType::file, EntryType::directory, EntryType::symlink, EntryType::hardlink,
                               EntryType::fifo, EntryType::character_device, EntryType::block_device}) {
    ManifestEntry line;
    line.entry.path = "x";
    line.entry.type = type;
    if (type == EntryType::hardlink) line.entry.link = "htdocs/first";
    if (type == EntryType::block_device) line.entry.device_minor = 1'048'575;
    const ManifestEntry again = read_back(line);
    EXPECT_EQ(again.entry.type, type);
    EXPECT_EQ(again.entry.link, line.entry.link);
    EXPECT_EQ(again.entry.device_minor, line.entry.device_minor);
    EXPECT_FALSE(again.offset);
    EXPECT_FALSE(again.sha256);
    EXPECT_TRUE(again.database.is_null());
  }
}

TEST(ManifestLine, UnknownKeys_ArePassedOver) {
  const ManifestEntry entry = manifest_entry_from(R"({"path":"x","type":"dir","new":{"a":[1]},"mtime":7})");
  EXPECT_EQ(entry.entry.path, "x");
  EXPECT_EQ(entry.entry.mtime.seconds, 7);
}

TEST(ManifestLine, WhatIsNoObjectWithPathAndType_IsRefused) {
  for (const char* line :
       {"", "x", "[]", "null", R"({"path":"x","type":"file"} x)", R"({"type":"file"})", R"({"path":"","type":"file"})",
        R"({"path":7,"type":"file"})", R"({"path":"x"})", R"({"path":"x","type":"socket"})", R"({"path":"x","type":1})",
        R"({"path":"a\u0000b","type":"file"})", R"({"path_b64":"!!","type":"file"})", R"({"path_b64":3,"type":"file"})",
        R"({"path_b64":"AAA=","type":"file"})"}) {
    EXPECT_TRUE(refuses(reading(line))) << line;
  }
}

TEST(ManifestLine, WrongTypesAndRanges_AreRefused) {
  for (const char* value :
       {R"("size":-1)", R"("size":1.5)", R"("size":"1")", R"("size":18446744073709551616)", R"("mode":4096)",
        R"("mode":4294967296)", R"("mtime":9223372036854775808)", R"("mtime_ns":1000000000)", R"("mtime_ns":-1)",
        R"("sha256":"00")", R"("sha256":null)", R"("offset":-5)", R"("flags":"changed")", R"("flags":[1])",
        R"("sparse":1)", R"("device":[1])", R"("device":[1,4294967296])", R"("device":[-1,0])", R"("user":5)"}) {
    EXPECT_TRUE(refuses(reading(std::string(R"({"path":"x","type":"file",)") + value + "}"))) << value;
  }
}

TEST(ManifestLine, PathsThatLeaveTheTopFolder_AreRefused) {
  for (const char* path : {"/etc/passwd", "..", "../x", "a/../b", "a/..", ".", "./a", "a//b", "a/", "a/./b"}) {
    const Json file{{"path", path}, {"type", "file"}};
    EXPECT_TRUE(refuses(reading(file.dump()), "path")) << path;
    const Json link{{"path", "x"}, {"type", "hardlink"}, {"link", path}};
    EXPECT_TRUE(refuses(reading(link.dump()), "path")) << path;
  }
  EXPECT_EQ(manifest_entry_from(R"({"path":"x..","type":"symlink","link":"/etc/../x"})").entry.link, "/etc/../x");
}

TEST(ManifestLine, NestingWithoutEnd_IsRefused) {
  const std::string deep = R"({"path":"x","type":"file","database":)" + std::string(1'000'000, '[');
  EXPECT_TRUE(refuses(reading(deep)));
  EXPECT_TRUE(refuses(reading(deep + std::string(1'000'000, ']') + "}")));
}

ManifestHeader full_header() {
  ManifestHeader header;
  header.tool_version = "0.1.0";
  header.site = "example.com";
  header.name = "2025-01-20_14-25-30";
  header.created = "2025-01-20T14:25:30+00:00";
  header.complete = false;
  header.has_files = true;
  header.exclude = {"*.log", "bad\xff"};
  header.exclude_caches = true;
  header.entries = 1;
  header.files = 2;
  header.file_bytes = 3;
  header.tar_bytes = 4;
  header.tables = 5;
  header.rows = 6;
  header.unreadable_count = 7;
  header.notes_count = 8;
  header.notes = Json::array({{{"path", "a"}, {"what", "vanished"}, {"unreadable", false}}});
  return header;
}

TEST(ManifestHeaderLine, HasTheDocumentedKeys) {
  EXPECT_EQ(manifest_line(full_header()),
            R"({"format":1,"tool_version":"0.1.0","site":"example.com","name":"2025-01-20_14-25-30",)"
            R"("created":"2025-01-20T14:25:30+00:00","complete":false,"scope":{"files":true,"database":false},)"
            R"("exclude":[{"glob":"*.log"},{"glob":"bad\\xff","glob_b64":"YmFk/w=="}],"exclude_caches":true,)"
            R"("entries":1,"files":2,"file_bytes":3,"tar_bytes":4,"tables":5,"rows":6,"unreadable_count":7,)"
            R"("notes_count":8,"notes":[{"path":"a","what":"vanished","unreadable":false}]})"
            "\n");
}

TEST(ManifestHeaderLine, EveryValueComesBack) {
  EXPECT_EQ(manifest_line(manifest_header_from(manifest_line(full_header()))), manifest_line(full_header()));
}

TEST(ManifestHeaderLine, ExcludedGlobs_AreBytesAndMayBeMissing) {
  EXPECT_EQ(manifest_header_from(manifest_line(full_header())).exclude, full_header().exclude);
  EXPECT_TRUE(manifest_header_from(R"({"format":1})").exclude.empty());
  for (const char* line : {R"({"format":1,"exclude":"x"})", R"({"format":1,"exclude":["x"]})",
                           R"({"format":1,"exclude":[{"glob":5}]})", R"({"format":1,"exclude_caches":1})"}) {
    EXPECT_TRUE(refuses([&] { static_cast<void>(manifest_header_from(line)); })) << line;
  }
}

TEST(ManifestHeaderLine, AnotherFormat_IsRefused) {
  for (const char* line : {R"({"format":2})", R"({"site":"x"})", R"({"format":4294967297})"}) {
    EXPECT_TRUE(refuses([&] { static_cast<void>(manifest_header_from(line)); })) << line;
  }
}

TEST(ManifestHeaderLine, NewerFormat_IsRefusedWithAHint) {
  try {
    static_cast<void>(manifest_header_from(R"({"format":2})"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("newer"), std::string::npos);
  }
}

TEST(ManifestHeaderLine, WithoutCompleteness_IsNotComplete) {
  EXPECT_FALSE(manifest_header_from(R"({"format":1})").complete);
  EXPECT_TRUE(refuses([] { static_cast<void>(manifest_header_from(R"({"format":1,"complete":"yes"})")); }));
}

TEST(ManifestHeaderLine, LongNotes_DoNotMakeItUnreadable) {
  ManifestHeader header = full_header();
  header.notes = Json::array();
  header.notes_count = 2000;
  for (int i = 0; i < 2000; ++i) {
    Json note;
    put_text(note, "path", std::string(4000, '\x01') + std::to_string(i));
    header.notes.push_back(note);
  }
  const std::string line = manifest_line(header);
  EXPECT_LT(line.size(), std::size_t{2} << 20U);
  const ManifestHeader again = manifest_header_from(line);
  EXPECT_EQ(again.notes_count, 2000U);
  EXPECT_GT(again.notes.size(), 10U);
}

TEST(ManifestText, BytesThatAreNotUtf8_AreStoredTwice) {
  Json json;
  put_text(json, "path", "a\xFF");
  EXPECT_EQ(json.dump(), R"({"path":"a\\xff","path_b64":"Yf8="})");
}

}  // namespace
}  // namespace wobackup
