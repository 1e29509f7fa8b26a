// --site-json: programs that hold the record of a site themselves.
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
  EXPECT_TRUE(contains(told(R"({"sitename": "a.example"})"), "is not absolute"));
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
