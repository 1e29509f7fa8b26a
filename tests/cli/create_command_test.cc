// wobackup create: which sites, what is said of each, and the sum of it.
#include <algorithm>
#include <filesystem>

#include "cli/command_line.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class CreateCommand : public test::CommandLine {
 protected:
  [[nodiscard]] std::size_t count(const std::string& site) const {
    if (!fs::exists(archives(site))) return 0;
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(archives(site)), fs::directory_iterator()));
  }
};

TEST_F(CreateCommand, OneSite_IsToldInOneLine) {
  add_wordpress("blog.example");
  const Ran ran = run({"create", "blog.example"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.err, "");
  const std::vector<std::string> lines = test::lines_of(ran.out);
  ASSERT_EQ(lines.size(), 1U) << ran.out;
  EXPECT_TRUE(lines[0].starts_with("blog.example: " + archives("blog.example").string() + "/")) << lines[0];
  for (const char* part : {".tar.zst, ", " KiB, ", " files, 2 tables, ", " s"}) EXPECT_TRUE(contains(lines[0], part));
}

TEST_F(CreateCommand, Types_HoldWhatTheySay) {
  add_wordpress("blog.example");
  const auto scope = [&](const std::vector<std::string>& more) {
    const Json told = info(backed_up("blog.example", more).string());
    EXPECT_EQ(told["backup_scope"]["database"], told["backup_type"] != "files");
    EXPECT_EQ(told["backup_scope"]["files"], told["backup_type"] != "db");
    return told["backup_type"];
  };
  EXPECT_EQ(scope({}), "full");
  EXPECT_EQ(scope({"--db"}), "db");
  EXPECT_EQ(scope({"--type", "db"}), "db");
  EXPECT_EQ(scope({"--files"}), "files");
  EXPECT_EQ(scope({"--type", "files"}), "files");
  EXPECT_EQ(scope({"--type", "full"}), "full");
}

TEST_F(CreateCommand, SeveralSites_OneOfThemUnknown_DoesTheOthers) {
  add_site("a.example");
  add_site("b.example");
  const Ran ran = run({"create", "a.example", "nope.example", "b.example"});
  EXPECT_EQ(ran.exit_code, 10);
  EXPECT_TRUE(contains(ran.err, "there is no site nope.example"));
  EXPECT_TRUE(contains(ran.out, "\n2 of 3 sites backed up\n"));
  EXPECT_EQ(count("a.example"), 1U);
  EXPECT_EQ(count("b.example"), 1U);
}

TEST_F(CreateCommand, SiteNamedTwice_IsBackedUpOnce) {
  add_site("a.example");
  const Ran ran = run({"create", "a.example", "A.Example", "a.example"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_EQ(count("a.example"), 1U);
}

TEST_F(CreateCommand, All_GoesOnAfterAFailure_AndExitsWithTheWorst) {
  add_site("a.example");
  add_row("gone.example", "html", www("gone.example").string());
  add_site("c.example", "wp");  // its database is nowhere named
  add_site("z.example");
  const Ran ran = run({"create", "--all"});
  EXPECT_EQ(ran.exit_code, 20);
  EXPECT_TRUE(contains(ran.err, "error: gone.example: "));
  EXPECT_TRUE(contains(ran.err, "error: c.example: "));
  EXPECT_TRUE(contains(ran.out, "\n2 of 4 sites backed up\n"));
  EXPECT_EQ(count("a.example"), 1U);
  EXPECT_EQ(count("z.example"), 1U);
  const Json sum = run({"create", "--all", "--json"}).objects().back();
  EXPECT_EQ(sum["sites_total"], 4);
  EXPECT_EQ(sum["sites_ok"], 2);
  EXPECT_EQ(sum["archives"].size(), 2U);
  EXPECT_EQ(sum["exit_code"], 20);
}

TEST_F(CreateCommand, All_IncludesDisabledSites) {
  add_site("off.example", "html", false);
  const Ran ran = run({"create", "--all"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_EQ(count("off.example"), 1U);
  EXPECT_TRUE(contains(ran.out, "1 of 1 sites backed up"));
}

TEST_F(CreateCommand, All_SkipsSitesWithoutContentAndSaysSo) {
  add_site("a.example");
  for (const std::string type : {"alias", "proxy", "subsite"}) add_row(type + ".example", type, www(type).string());
  const Ran ran = run({"create", "--all"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  for (const std::string type : {"alias", "proxy", "subsite"}) {
    EXPECT_TRUE(contains(ran.err, type + ".example: skipped: a site of type " + type + " has no content of its own"));
  }
  EXPECT_TRUE(contains(ran.out, "\n1 of 1 sites backed up, 3 skipped\n"));
  const Ran json = run({"create", "--all", "--json"});
  EXPECT_EQ(json.objects("skipped").size(), 3U);
  EXPECT_EQ(json.objects().back()["sites_skipped"], 3);
}

TEST_F(CreateCommand, SiteWithoutContent_AskedForByName_IsAnError) {
  add_row("alias.example", "alias", www("alias").string());
  const Ran ran = run({"create", "alias.example"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(contains(ran.err, "alias.example is of type alias: it has no content of its own to back up"));
  EXPECT_TRUE(contains(ran.err, "\nHint: "));
}

TEST_F(CreateCommand, All_RowLeftOut_CountsAsAFailure) {
  add_site("a.example");
  add_row("not a host", "html", www("x").string());
  const Ran ran = run({"create", "--all"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_TRUE(contains(ran.err, "row 2 of the WordOps registry was left out: \"not a host\" is not a host name"));
  EXPECT_TRUE(contains(ran.out, "1 of 2 sites backed up"));
  // Whoever names a site hears of it once, however often the registry is read.
  const Ran sites = run({"sites"});
  EXPECT_EQ(sites.exit_code, 0);
  const std::size_t first = sites.err.find("row 2");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(sites.err.find("row 2", first + 1), std::string::npos) << sites.err;
}

TEST_F(CreateCommand, All_WithoutAnySite_SaysSo) {
  const Ran ran = run({"create", "--all"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(contains(ran.err, "there are no sites"));
  EXPECT_TRUE(contains(ran.out, "0 of 0 sites backed up"));
}

TEST_F(CreateCommand, BackupRootInsideHtdocs_IsRefused) {
  add_site("a.example");
  const fs::path inside = www("a.example") / "htdocs/backups";
  const Ran ran = run({"create", "a.example", "--path", inside.string()});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(contains(ran.err, "where the web server would serve the archives"));
  EXPECT_TRUE(contains(ran.err, "Hint: choose a folder outside, for example " + www("a.example").string() + "/backup"));
  EXPECT_FALSE(fs::exists(inside));
  // Also by way of a link.
  fs::create_directory_symlink(www("a.example") / "htdocs", root() / "link");
  EXPECT_EQ(run({"create", "a.example", "--path", (root() / "link/backups").string()}).exit_code, 2);
  EXPECT_FALSE(fs::exists(inside));
}

TEST_F(CreateCommand, Metadata_IsJsonWhereItIsJson) {
  add_site("a.example");
  const fs::path archive = backed_up("a.example", {"--reason", "pre-core-update",
                                                   "--meta",   "ticket=1234",
                                                   "--meta",   "text=it's 12 o'clock",
                                                   "--meta",   R"(pending={"plugins":["x"]})",
                                                   "--meta",   "empty=",
                                                   "--meta",   "yes=true",
                                                   "--meta",   "equation=a=b",
                                                   "--meta",   "quoted=\"1234\"",
                                                   "--meta",   "word=ünï",
                                                   "--meta",   "twice=1",
                                                   "--meta",   "twice=2"});
  const Json told = info(archive.string());
  EXPECT_EQ(told["backup_reason"], "pre-core-update");
  EXPECT_EQ(told["ticket"], 1234);
  EXPECT_EQ(told["text"], "it's 12 o'clock");
  EXPECT_EQ(told["pending"]["plugins"][0], "x");
  EXPECT_EQ(told["empty"], "");
  EXPECT_EQ(told["yes"], true);
  EXPECT_EQ(told["equation"], "a=b");
  EXPECT_EQ(told["quoted"], "1234");
  EXPECT_EQ(told["word"], "ünï");
  EXPECT_EQ(told["twice"], 2);
}

TEST_F(CreateCommand, BadMetadata_IsRefusedBeforeAnythingBegins) {
  add_site("a.example");
  for (const std::string bad : {"ticket", "=1234", ""}) {
    const Ran ran = run({"create", "a.example", "--meta", bad});
    EXPECT_EQ(ran.exit_code, 2) << bad;
    EXPECT_TRUE(contains(ran.err, "is not KEY=VALUE"));
  }
  EXPECT_TRUE(contains(run({"create", "a.example", "--meta", "k=\xff"}).err, "is not UTF-8"));
  // The site's own facts are not for the caller to change.
  const Ran fact = run({"create", "a.example", "--meta", "sitename=b.example"});
  EXPECT_TRUE(fact.exit_code == 2 || info("a.example")["sitename"] == "a.example") << fact.both();
  EXPECT_LE(count("a.example"), 1U);
}

TEST_F(CreateCommand, Excluded_IsNotInTheArchive) {
  add_site("a.example");
  write("www/a.example/htdocs/x.log", "x");
  write("www/a.example/htdocs/sub/y.log", "y");
  const Json without = info(backed_up("a.example", {"--exclude", "*.log"}).string());
  const Json with = info(backed_up("a.example").string());
  EXPECT_EQ(with["files"].get<int>() - without["files"].get<int>(), 2);
  const Ran bad = run({"create", "a.example", "--exclude", ""});
  EXPECT_EQ(bad.exit_code, 2) << bad.both();
}

TEST_F(CreateCommand, Quiet_SaysNothingButErrors) {
  add_site("a.example");
  add_row("gone.example", "html", www("gone.example").string());
  for (const test::Surroundings& around : {test::Surroundings{}, test::kTerminal}) {
    EXPECT_EQ(run({"-q", "create", "a.example"}, around).both(), "");
    const Ran ran = run({"create", "--all", "--quiet"}, around);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(ran.err.starts_with("error: gone.example: ")) << ran.err;
  }
}

TEST_F(CreateCommand, Verbose_SaysNoLess) {
  add_site("a.example");
  for (const std::string flag : {"-v", "-vv", "--verbose"}) {
    const Ran ran = run({"create", "a.example", flag});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_TRUE(contains(ran.out, "a.example: "));
  }
  // A config with sites of its own does without a registry, and says so to whoever wants to know.
  write_config("[site.\"own.example\"]\npath = \"" + www("a.example").string() + "\"\n");
  ::setenv("WOBACKUP_REGISTRY", (root() / "none.db").c_str(), 1);
  EXPECT_EQ(run({"-v", "sites"}).err, "");
  EXPECT_TRUE(contains(run({"-vv", "sites"}).err, "none.db"));
  EXPECT_EQ(run({"-vv", "sites"}).out, run({"sites"}).out);
}

}  // namespace
}  // namespace wobackup
