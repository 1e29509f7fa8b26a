// --json: one object a line, the last one a summary, whatever happens.
#include <regex>

#include "base/bytes.h"
#include "cli/command_line.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::Ran;

class JsonOutput : public test::CommandLine {
 protected:
  static void expect_form(const Ran& ran, const std::string& what) {
    const std::vector<Json> objects = ran.objects();
    ASSERT_FALSE(objects.empty()) << what;
    EXPECT_EQ(ran.out.back(), '\n') << what;
    for (const Json& object : objects) {
      EXPECT_EQ(object.begin().key(), "message_type") << what << object;
      const bool last = &object == &objects.back();
      EXPECT_EQ(object["message_type"] == "summary", last) << what << object;
    }
    EXPECT_EQ(objects.back()["exit_code"], ran.exit_code) << what;
  }
};

bool is_rfc3339(const Json& time) {
  static const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))");
  return time.is_string() && std::regex_match(time.get<std::string>(), form);
}

TEST_F(JsonOutput, EveryCommand_EndsWithASummary) {
  add_wordpress("blog.example");
  add_row("alias.example", "alias", www("alias").string());
  add_row("gone.example", "html", www("gone.example").string());
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"create", "blog.example"},
                                                    {"create", "--all"},
                                                    {"list"},
                                                    {"list", "blog.example"},
                                                    {"list", "nope.example"},
                                                    {"info", "blog.example"},
                                                    {"info", "blog.example/none"},
                                                    {"sites"},
                                                    {"config", "show"},
                                                    {"config", "validate"},
                                                    {"config"},
                                                    {"version"},
                                                    {"create"},
                                                    {"create", "--type", "x"},
                                                    {"create", "--bogus"},
                                                    {"frobnicate"},
                                                    {}}) {
    std::vector<std::string> behind = arguments;
    behind.emplace_back("--json");
    const std::string what = arguments.empty() ? "nothing" : arguments.front();
    expect_form(run(behind), what);
    std::vector<std::string> before = arguments;
    before.insert(before.begin(), "--json");
    expect_form(run(before, test::kTerminal), what);
  }
}

TEST_F(JsonOutput, Created_TellsWhatIsOnTheDisk) {
  add_wordpress("blog.example");
  const Ran ran = run({"create", "blog.example", "--json"});
  EXPECT_EQ(ran.err, "");
  const Json created = ran.objects("created").at(0);
  const fs::path archive = created["archive"].get<std::string>();
  EXPECT_EQ(created["site"], "blog.example");
  EXPECT_EQ(created["size"], fs::file_size(archive));
  EXPECT_EQ(created["complete"], true);
  EXPECT_EQ(created["tables"], 2);
  EXPECT_EQ(created["sha256"].get<std::string>().size(), 64U);
  for (const Json& status : ran.objects("status")) {
    EXPECT_GE(status["percent_done"], 0.0);
    EXPECT_LE(status["percent_done"], 1.0);
    EXPECT_TRUE(status["bytes_done"].is_number_unsigned());
  }
  const Json sum = ran.objects().back();
  EXPECT_EQ(sum["archives"][0], created["archive"]);
  EXPECT_EQ(sum["sites_total"], 1);
  EXPECT_EQ(sum["sites_ok"], 1);
}

TEST_F(JsonOutput, Times_AreRfc3339) {
  add_site("a.example");
  static_cast<void>(backed_up("a.example"));
  EXPECT_TRUE(is_rfc3339(run({"--json", "list"}).objects("snapshot").at(0)["time"]));
  EXPECT_TRUE(is_rfc3339(run({"--json", "sites"}).objects("site").at(0)["last_backup"]));
  const Json told = info("a.example");
  EXPECT_TRUE(is_rfc3339(told["backup_timestamp"]));
  EXPECT_TRUE(told["archive_mtime"].is_number_float());
  EXPECT_EQ(told["archive_size"], fs::file_size(told["archive_path"].get<std::string>()));
}

TEST_F(JsonOutput, PathThatIsNotUtf8_IsAlsoThereInBase64) {
  add_site("a.example");
  const std::string backups = (root() / "backups\xff").string();
  const Json created = run({"--json", "create", "a.example", "--path", backups}).objects("created").at(0);
  EXPECT_NE(created["archive"].get<std::string>().find("backups\\xff/"), std::string::npos);
  const Json listed = run({"--json", "list", "a.example", "--path", backups}).objects("snapshot").at(0);
  const std::string archive = backups + "/a.example/" + listed["name"].get<std::string>() + ".tar.zst";
  ASSERT_TRUE(fs::exists(archive));
  EXPECT_EQ(created["path_b64"], base64(bytes_of(archive)));
  EXPECT_EQ(listed["path_b64"], base64(bytes_of(archive)));
  ASSERT_EQ(::mkfifo((www("a.example") / "htdocs/\xfe").c_str(), 0600), 0);
  write("www/a.example/htdocs/big\xfe", "x");
  EXPECT_FALSE(info(backed_up("a.example").string()).empty());
}

TEST_F(JsonOutput, PathThatIsUtf8_StandsThereAsItIs) {
  const std::string folder = "ünï \x1b[2J\n\"x\"";
  add_row("a.example", "html", (root() / folder).string());
  write(fs::path(folder) / "htdocs/index.html", "x");
  const fs::path archive = backed_up("a.example");
  EXPECT_TRUE(fs::exists(archive)) << archive;
  const Json listed = run({"--json", "list"}).objects("snapshot").at(0);
  EXPECT_EQ(listed["archive"], archive.string());
  EXPECT_FALSE(listed.contains("path_b64"));
  EXPECT_EQ(run({"--json", "create", "a.example"})
                .objects()
                .back()["archives"][0]
                .get<std::string>()
                .find(root().string() + "/" + folder),
            0U);
}

TEST_F(JsonOutput, MetadataOfAnArchive_CannotPassForAnotherMessage) {
  add_site("a.example");
  static_cast<void>(backed_up("a.example", {"--meta", "message_type=error", "--meta", "exit_code=1"}));
  const Ran ran = run({"--json", "info", "a.example"});
  ASSERT_EQ(ran.objects().size(), 1U);
  EXPECT_EQ(ran.objects()[0]["message_type"], "summary");
  EXPECT_EQ(ran.objects()[0]["exit_code"], 0);
}

TEST_F(JsonOutput, Errors_NameTheirSite) {
  add_site("a.example");
  const Ran ran = run({"--json", "create", "a.example", "nope.example"});
  const Json error = ran.objects("error").at(0);
  EXPECT_EQ(error["site"], "nope.example");
  EXPECT_EQ(error["kind"], "not_found");
  EXPECT_EQ(error["exit_code"], 10);
  EXPECT_EQ(error["retryable"], false);
  EXPECT_FALSE(error["hint"].get<std::string>().empty());
  EXPECT_EQ(ran.err, "");
}

TEST_F(JsonOutput, Sites_TellOfAllThereIs) {
  add_wordpress("blog.example");
  add_site("off.example", "html", false);
  add_row("proxy.example", "proxy", www("proxy").string());
  const std::vector<Json> sites = run({"--json", "sites"}).objects("site");
  ASSERT_EQ(sites.size(), 3U);
  EXPECT_EQ(sites[0]["name"], "blog.example");
  EXPECT_EQ(sites[0]["type"], "wp");
  EXPECT_EQ(sites[0]["path"], www("blog.example").string());
  EXPECT_EQ(sites[0]["enabled"], true);
  EXPECT_EQ(sites[0]["last_backup"], nullptr);
  EXPECT_EQ(sites[1]["enabled"], false);
  EXPECT_EQ(sites[1]["database"], nullptr);
  EXPECT_EQ(sites[2]["has_content"], false);
}

}  // namespace
}  // namespace wobackup
