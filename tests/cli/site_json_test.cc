// --site-json and --meta-json: programs that hold the record of a site themselves.
#include <unistd.h>

#include <array>
#include <thread>

#include "cli/command_line.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class SiteJson : public test::CommandLine {
 protected:
  SiteJson() { write("www/given.example/htdocs/index.html", "x"); }
  [[nodiscard]] std::string record() const {
    return Json{{"id", 7},
                {"sitename", "given.example"},
                {"site_type", "html"},
                {"site_path", www("given.example").string()},
                {"is_enabled", 1},
                {"cache_type", nullptr},
                {"db_password", "hush-hush"}}
        .dump();
  }
};

TEST_F(SiteJson, FromAFile_MakesABackupOfIt) {
  write("site.json", record());
  const Ran ran = run({"create", "--site-json", (root() / "site.json").string()});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(ran.out.starts_with("given.example: " + archives("given.example").string())) << ran.out;
  const fs::path archive = fs::directory_iterator(archives("given.example"))->path();
  EXPECT_EQ(info(archive.string())["id"], 7);
  EXPECT_EQ(run({"--json", "info", archive.string()}).out.find("hush"), std::string::npos);
}

TEST_F(SiteJson, FromStandardInput_WorksInAPipe) {
  const Ran ran = run({"create", "--site-json", "-", "--reason", "piped", "--json"}, {.in = record()});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_EQ(info(ran.objects("created").at(0)["archive"])["backup_reason"], "piped");
}

// As a program hands over what is not to be seen by others, and as a shell's <(...) does.
TEST_F(SiteJson, FromAPipe_Works) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::thread writer([&] {
    const std::string text = record();
    for (const char byte : text) EXPECT_EQ(::write(ends[1], &byte, 1), 1);
    ::close(ends[1]);
  });
  const Ran ran = run({"create", "--site-json", "/dev/fd/" + std::to_string(ends[0])});
  writer.join();
  ::close(ends[0]);
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
}

TEST_F(SiteJson, Metadata_KeepsItsTypesAndKeys_AndKeyValuePairsGoOnTop) {
  write("meta.json", R"({"a=b": "1", "pending": {"core": null}, "ticket": 1})");
  std::filesystem::create_symlink(root() / "meta.json", root() / "link.json");
  const Ran ran = run(
      {"create", "--site-json", "-", "--meta-json", (root() / "link.json").string(), "--meta", "ticket=2", "--json"},
      {.in = record()});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  const Json known = info(ran.objects("created").at(0)["archive"]);
  EXPECT_EQ(known["a=b"], "1");
  EXPECT_EQ(known["pending"], (Json{{"core", nullptr}}));
  EXPECT_EQ(known["ticket"], 2);
}

TEST_F(SiteJson, WrongMetadata_IsRefusedWithAReason) {
  add_site("a.example");
  const auto told = [&](const std::string& in) {
    const Ran ran = run({"create", "a.example", "--meta-json", "-"}, {.in = in});
    EXPECT_EQ(ran.exit_code, 2) << in;
    return ran.err;
  };
  EXPECT_TRUE(contains(told(""), "--meta-json -: that is not JSON"));
  EXPECT_TRUE(contains(told("[1]"), "not a JSON object"));
  EXPECT_TRUE(contains(told(std::string((1U << 20U) + 1, ' ')), "too long"));
  EXPECT_EQ(run({"create", "a.example", "--meta-json", (root() / "none.json").string()}).exit_code, 10);
  const Ran both = run({"create", "--site-json", "-", "--meta-json", "-"}, {.in = record()});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_TRUE(contains(both.err, "cannot both read standard input"));
}

TEST_F(SiteJson, NeedsNoRegistry) {
  ::setenv("WOBACKUP_REGISTRY", (root() / "none.db").c_str(), 1);
  EXPECT_EQ(run({"create", "--site-json", "-"}, {.in = record()}).exit_code, 0);
}

TEST_F(SiteJson, WrongInput_IsRefusedWithAReason) {
  const auto told = [&](const std::string& in) {
    const Ran ran = run({"create", "--site-json", "-"}, {.in = in});
    EXPECT_EQ(ran.exit_code, 2) << in;
    return ran.err;
  };
  EXPECT_TRUE(contains(told(""), "--site-json -: that is not JSON\nHint: "));
  EXPECT_TRUE(contains(told("{"), "that is not JSON"));
  EXPECT_TRUE(contains(told("[]"), "is not a JSON object"));
  EXPECT_TRUE(contains(told("{}"), "the site has no \"sitename\""));
  EXPECT_TRUE(contains(told(R"({"sitename": "../etc", "site_path": "/x"})"), "is not a host name"));
  EXPECT_TRUE(contains(told(R"({"sitename": "a.example"})"), "the site has no \"site_path\""));
  EXPECT_TRUE(contains(told(R"({"sitename": "a.example", "site_path": "www"})"), "is not absolute"));
  EXPECT_TRUE(contains(told(R"({"sitename": "a.example", "site_path": "/var/../etc"})"), "\"..\""));
  EXPECT_TRUE(contains(told(R"({"sitename": ["a.example"], "site_path": "/x"})"), "neither text nor number"));
  EXPECT_TRUE(contains(told(std::string((1U << 20U) + 1, ' ')), "too long"));
  EXPECT_TRUE(contains(told(std::string(100'000, '[')), "that is not JSON"));
}

TEST_F(SiteJson, IsTheOnlySite) {
  add_site("a.example");
  for (const std::string other : {"a.example", "--all"}) {
    const Ran ran = run({"create", other, "--site-json", "-"}, {.in = record()});
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_TRUE(contains(ran.err, "--site-json describes the only site"));
  }
  const Ran missing = run({"create", "--site-json", (root() / "none.json").string()});
  EXPECT_EQ(missing.exit_code, 10);
  EXPECT_TRUE(contains(missing.err, "none.json"));
}

}  // namespace
}  // namespace wobackup
