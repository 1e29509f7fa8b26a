// ls, find, diff and dump.
#include <sys/stat.h>

#include <set>

#include "cli/command_line.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class Inspecting : public test::CommandLine {
 protected:
  Inspecting() {
    add_site("a.example");
    const fs::path htdocs = fs::path("www/a.example/htdocs");
    write(htdocs / "index.html", "hello\n");
    write(htdocs / "wp-content/one.php", "<?php // 1");
    write(htdocs / "wp-content/deep/two.php", "<?php // 2");
    write(htdocs / "binary", std::string("\x1b]0;owned\x07", 10));
    write(htdocs / "long", std::string(200'000, 'x') + "\xc3\xa9");
    ::chmod((root() / htdocs / "index.html").c_str(), 04751);
    fs::create_symlink("/etc/passwd", root() / htdocs / "link");
    fs::create_hard_link(root() / htdocs / "index.html", root() / htdocs / "second");
    fs::last_write_time(
        root() / htdocs / "index.html",
        fs::file_time_type::clock::from_sys(std::chrono::sys_seconds(std::chrono::seconds(1737383130))));
  }
  // The same files as `tar --zstd` packs them.
  fs::path foreign(const std::string& name = "2020-01-01_00-00-00") const {
    fs::create_directories(root() / "foreign" / name);
    fs::create_directories(archives("a.example"));
    write(fs::path("foreign") / name / "vhost.json", R"({"sitename":"a.example"})");
    test::run_in(root(), {"cp", "-a", (www("a.example") / "htdocs").string(), "foreign/" + name + "/"});
    const fs::path path = archives("a.example") / (name + ".tar.zst");
    test::run_in(root() / "foreign", {"tar", "--zstd", "--sort=name", "-cf", path.string(), name});
    return path;
  }
  static std::vector<std::string> paths_of(const Ran& ran) {
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    std::vector<std::string> paths;
    for (const Json& entry : ran.objects("entry")) paths.push_back(entry.value("path", ""));
    return paths;
  }
  [[nodiscard]] std::vector<std::string> listed(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--json", "ls"});
    return paths_of(run(arguments));
  }
};

using Paths = std::vector<std::string>;

TEST_F(Inspecting, Ls_ShowsAFolder_AllBelowIt_OrWhatAGlobMatches) {
  const std::string indexed = backed_up("a.example").string();
  for (const std::string& what : {indexed, foreign().string()}) {
    EXPECT_EQ(listed({what}), (Paths{"htdocs", "vhost.json"}));
    EXPECT_EQ(listed({what, "htdocs/wp-content/"}), (Paths{"htdocs/wp-content/deep", "htdocs/wp-content/one.php"}));
    EXPECT_EQ(listed({what, "-R", "/htdocs/wp-content"}),
              (Paths{"htdocs/wp-content/deep", "htdocs/wp-content/deep/two.php", "htdocs/wp-content/one.php"}));
    EXPECT_EQ(listed({what, "htdocs/index.html"}), Paths{"htdocs/index.html"});
    EXPECT_EQ(listed({what, "*.php"}), (Paths{"htdocs/wp-content/deep/two.php", "htdocs/wp-content/one.php"}));
    EXPECT_EQ(listed({what, "htdocs/wp-*"}), Paths{"htdocs/wp-content"});
    EXPECT_EQ(listed({what, "-R", "htdocs/wp-*"}).size(), 4U);
    const Ran none = run({"ls", what, "htdocs/none"});
    EXPECT_EQ(none.exit_code, 10);
    EXPECT_TRUE(contains(none.err, "htdocs/none"));
  }
}

TEST_F(Inspecting, Ls_LooksLikeLs) {
  static_cast<void>(backed_up("a.example"));
  const Ran ran = run({"ls", "a.example", "htdocs"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(contains(ran.out, "-rwsr-x--x"));
  EXPECT_TRUE(contains(ran.out, "2025-01-20 14:25:30  htdocs/index.html\n"));
  EXPECT_TRUE(contains(ran.out, "htdocs/link -> /etc/passwd\n"));
  EXPECT_TRUE(contains(ran.out, "htdocs/second link to htdocs/index.html\n"));
  EXPECT_TRUE(contains(ran.out, "htdocs/wp-content/\n"));
  std::set<std::size_t> columns;
  for (const std::string& line : test::lines_of(ran.out)) columns.insert(line.find("  htdocs/"));
  EXPECT_EQ(columns.size(), 1U) << ran.out;
}

TEST_F(Inspecting, Ls_NamesCannotSteerTheTerminal) {
  write("www/a.example/htdocs/evil\x1b[2J\xff", "x");
  static_cast<void>(backed_up("a.example"));
  const Ran ran = run({"ls", "a.example", "htdocs"});
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
  EXPECT_TRUE(contains(ran.out, "htdocs/evil\\x1b[2J\\xff"));
  const Ran json = run({"--json", "ls", "a.example", "htdocs/evil*"});
  ASSERT_EQ(json.objects("entry").size(), 1U) << json.both();
  EXPECT_EQ(json.objects("entry")[0]["path_b64"], "aHRkb2NzL2V2aWwbWzJK/w==");
}

TEST_F(Inspecting, Ls_OfAForeignArchive_SaysThatItIsUnindexed) {
  const fs::path path = foreign();
  EXPECT_EQ(run({"ls", path.string()}).err, "");
  EXPECT_TRUE(contains(run({"-v", "ls", path.string()}).err, "no index"));
  EXPECT_EQ(run({"--json", "ls", path.string()}).objects("summary")[0]["indexed"], false);
}

TEST_F(Inspecting, Ls_OfADamagedArchive_IsAnError) {
  const fs::path whole = backed_up("a.example");
  std::string bytes = test::text_of_file(whole);
  const fs::path broken = archives("a.example") / "2020-01-01_00-00-09.tar.zst";
  bytes.resize(bytes.size() - 5);
  std::ofstream(broken, std::ios::binary) << bytes;
  EXPECT_EQ(run({"ls", broken.string()}).exit_code, 21);
}

TEST_F(Inspecting, Dump_GivesAFilesBytes) {
  const std::string indexed = backed_up("a.example").string();
  for (const std::string& what : {indexed, foreign().string()}) {
    EXPECT_EQ(run({"dump", what, "htdocs/index.html"}).out, "hello\n");
    EXPECT_EQ(run({"dump", what, "htdocs/second"}).out, "hello\n");
    EXPECT_EQ(run({"dump", what, "htdocs/binary"}).out, std::string("\x1b]0;owned\x07", 10));
    EXPECT_EQ(run({"dump", what, "htdocs/none"}).exit_code, 10);
    EXPECT_EQ(run({"dump", what, "htdocs"}).exit_code, 2);
    EXPECT_EQ(run({"dump", what, "htdocs/link"}).exit_code, 2);
    EXPECT_EQ(run({"dump", what}).exit_code, 2);
    EXPECT_EQ(run({"dump", what, "--db"}).exit_code, 10);
    EXPECT_EQ(run({"dump", what, "--table", "wp_options"}).exit_code, 10);
  }
}

TEST_F(Inspecting, Dump_GivesATerminalOnlyText_UnlessForced) {
  static_cast<void>(backed_up("a.example"));
  const Ran refused = run({"dump", "a.example", "htdocs/binary"}, test::kTerminal);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_TRUE(contains(refused.err, "--force"));
  EXPECT_EQ(run({"dump", "-f", "a.example", "htdocs/binary"}, test::kTerminal).out.size(), 10U);
  EXPECT_EQ(run({"dump", "a.example", "htdocs/index.html"}, test::kTerminal).out, "hello\n");
  EXPECT_EQ(run({"dump", "a.example", "htdocs/long"}, test::kTerminal).out, std::string(200'000, 'x') + "\xc3\xa9");
}

TEST_F(Inspecting, Dump_OfAnSqliteSite_GivesItsDatabase) {
  add_wordpress("wp.example");
  static_cast<void>(backed_up("wp.example"));
  const Ran ran = run({"dump", "wp.example", "--db"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("SQLite format 3"));
}

TEST_F(Inspecting, ReaderThatGoesAway_EndsQuietly) {
  for (int i = 0; i < 3000; ++i) write("www/a.example/htdocs/many/" + std::to_string(i), "");
  write("www/a.example/htdocs/large", std::string(20'000'000, 'x'));
  const std::string archive = backed_up("a.example").string();
  const std::string command = std::string(WOBACKUP_COMMAND) + " --config " + config_file().string();
  // run_in fails for anything on stderr.
  for (const std::string& words : {std::string("dump ") + archive + " htdocs/large", "ls -R " + archive,
                                   "--json ls -R " + archive, std::string("find '*' a.example")}) {
    EXPECT_EQ(
        test::run_in(root(), {"bash", "-c", command + " " + words + " | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}"}),
        "0\n")
        << words;
  }
}

TEST_F(Inspecting, Find_GroupsBackupsByContent) {
  const std::string first = backed_up("a.example").filename().stem().stem().string();
  const std::string second = backed_up("a.example").filename().stem().stem().string();
  write("www/a.example/htdocs/index.html", "changed\n");
  write("www/a.example/htdocs/uploads/2024/logo.png", "logo");
  const std::string third = backed_up("a.example").filename().stem().stem().string();
  const Ran json = run({"--json", "find", "htdocs/index.*", "a.example"});
  EXPECT_EQ(json.exit_code, 0) << json.both();
  const std::vector<Json> found = json.objects("found");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["path"], "htdocs/index.html");
  ASSERT_EQ(found[0]["versions"].size(), 2U);
  EXPECT_EQ(found[0]["versions"][0]["backups"], Json::array({third}));
  EXPECT_EQ(found[0]["versions"][1]["since"], first);
  EXPECT_EQ(found[0]["versions"][1]["until"], second);
  EXPECT_EQ(json.objects("summary")[0]["backups"], 3);
  const Ran text = run({"find", "index.html"});
  EXPECT_TRUE(contains(text.out, "a.example: htdocs/index.html\n"));
  for (const char* pattern : {"uploads/2024/logo.png", "/uploads/2024/*", "htdocs/uploads/2024/logo.png"}) {
    EXPECT_TRUE(contains(run({"find", pattern, "a.example"}).out, "htdocs/uploads/2024/logo.png")) << pattern;
  }
  EXPECT_TRUE(contains(run({"find", "2024/logo.png", "a.example"}).err, "3 backups"));
  EXPECT_TRUE(contains(run({"find", "none", "a.example"}).err, "3 backups"));
  EXPECT_EQ(run({"find", "[", "a.example"}).exit_code, 2);
  EXPECT_EQ(run({"find", "x", "b.example"}).exit_code, 10);
}

TEST_F(Inspecting, Find_KnowsTheSameContentInAForeignArchive_AndGoesOnBehindADamagedOne) {
  static_cast<void>(backed_up("a.example"));
  static_cast<void>(foreign());
  write("www/a.example/backup/a.example/2019-01-01_00-00-00.tar.zst", "damaged");
  const Ran ran = run({"--json", "find", "one.php"});
  EXPECT_EQ(ran.exit_code, 21);
  EXPECT_EQ(ran.objects("error").size(), 1U);
  ASSERT_EQ(ran.objects("found").size(), 1U) << ran.both();
  ASSERT_EQ(ran.objects("found")[0]["versions"].size(), 1U);
  EXPECT_EQ(ran.objects("found")[0]["versions"][0]["since"], "2020-01-01_00-00-00");
}

// What a site's owner did between two backups.
class Differing : public Inspecting {
 protected:
  Differing() {
    write(content_ / "plugins/shop/shop.php", "<?php /* Plugin Name: Shop\nVersion: 1.0 */");
    write("www/a.example/htdocs/wp-includes/version.php", "<?php $wp_version = '6.4.1';");
  }
  void change() const {
    write(content_ / "plugins/shop/shop.php", "<?php /* Plugin Name: Shop\nVersion: 1.\x1b[31m1 */");
    write("www/a.example/htdocs/wp-includes/version.php", "<?php $wp_version = '6.4.2';");
    write(content_ / "uploads/2024/05/evil.php", "<?php system($_GET[1]);");
    fs::remove(www("a.example") / "htdocs/long");
    fs::remove(www("a.example") / "htdocs/link");
    fs::create_symlink("/etc/group", www("a.example") / "htdocs/link");
    ::chmod((www("a.example") / "htdocs/binary").c_str(), 0600);
  }
  // "sign path", but for folders.
  static Paths changes(const Ran& ran) {
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    Paths told;
    for (const Json& change : ran.objects("change")) {
      if (change.value("/after/type"_json_pointer, "") == "dir") continue;
      std::string text = change["change"].get<std::string>() + " " + change["path"].get<std::string>();
      for (const Json& what : change.value("what", Json::array())) text += " " + what.get<std::string>();
      told.push_back(text);
    }
    return told;
  }
  const fs::path content_ = "www/a.example/htdocs/wp-content";
  const Paths expected_{"changed htdocs/binary mode",
                        "changed htdocs/link target",
                        "removed htdocs/long",
                        "changed htdocs/wp-content/plugins/shop/shop.php content",
                        "added htdocs/wp-content/uploads/2024/05/evil.php",
                        "changed htdocs/wp-includes/version.php content"};
};

TEST_F(Differing, BackupsAreCompared_IndexedOrNot) {
  const std::string before = backed_up("a.example").string(), old_before = foreign("2020-01-01_00-00-00").string();
  change();
  const std::string after = backed_up("a.example").string(), old_after = foreign("2020-01-01_00-00-01").string();
  for (const std::string& first : {before, old_before}) {
    for (const std::string& second : {after, old_after, std::string("live")}) {
      const Ran ran = run({"--json", "diff", first, second});
      EXPECT_EQ(changes(ran), expected_) << first << second;
      ASSERT_EQ(ran.objects("software").size(), 2U) << ran.both();
      EXPECT_EQ(ran.objects("software")[0]["name"], "Shop");
      EXPECT_EQ(ran.objects("software")[1]["before"], "6.4.1");
      EXPECT_EQ(ran.objects("software")[1]["after"], "6.4.2");
      EXPECT_EQ(ran.objects("summary")[0]["php_in_uploads"], 1);
      EXPECT_EQ(ran.objects("summary")[0]["same"], false);
    }
  }
}

TEST_F(Differing, ForPeople_ItIsSaidInTheirWords_WithoutEscapes) {
  const std::string before = backed_up("a.example").string();
  change();
  const Ran ran = run({"diff", before, "live"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.both().find('\x1b'), std::string::npos);
  EXPECT_TRUE(contains(ran.out, "M htdocs/binary  (mode "));
  EXPECT_TRUE(contains(ran.out, "htdocs/link  (target /etc/passwd -> /etc/group)"));
  EXPECT_TRUE(contains(ran.out, "wordpress"));
  EXPECT_TRUE(contains(ran.out, "1.\\x1b[31m1"));
  EXPECT_TRUE(contains(ran.err, "1 PHP file appeared"));
}

TEST_F(Differing, SiteInTheMiddleOfARestore_IsTold) {
  const std::string before = backed_up("a.example").string();
  EXPECT_EQ(run({"restore", before, "--in-place", "--files", "--yes"}).exit_code, 0);
  EXPECT_FALSE(contains(run({"diff", before, "live"}).err, "interrupted"));
  std::string journal = test::text_of_file(root() / "state/restores/a.example.json");
  const std::string done = "\"phase\": \"done\"";
  journal.replace(journal.find(done), done.size(), "\"phase\": \"swapping\"");
  write("state/restores/a.example.json", journal);
  EXPECT_TRUE(contains(run({"diff", before, "live"}).err, "was interrupted: finish it with"));
  const std::string target = (root() / "out").string();
  for (const std::vector<std::string>& command : {std::vector<std::string>{"info", "a.example"},
                                                  {"ls", "a.example"},
                                                  {"dump", "a.example", "vhost.json"},
                                                  {"find", "index.html", "a.example"},
                                                  {"find", "index.html"},
                                                  {"verify", "a.example"},
                                                  {"restore", "a.example", "--target", target},
                                                  {"copy", "a.example", "--to", (root() / "other").string()},
                                                  {"list", "a.example"},
                                                  {"sites"}}) {
    EXPECT_TRUE(contains(run(command).err, "was interrupted: finish it with")) << command.front();
  }
  // What is live is neither the one nor the other.
  const std::string backups = run({"list", "a.example"}).out;
  const Ran refused = run({"create", "a.example"});
  EXPECT_EQ(refused.exit_code, 11) << refused.both();
  EXPECT_TRUE(contains(refused.err, "a mixture")) << refused.err;
  EXPECT_TRUE(contains(refused.err, "--resume a.example")) << refused.err;
  EXPECT_EQ(run({"list", "a.example"}).out, backups);
}

TEST_F(Differing, NothingChanged_IsTheSame) {
  const std::string before = backed_up("a.example").string();
  const Ran ran = run({"diff", "--exit-code", before, "live"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(contains(ran.err, "the same"));
  EXPECT_EQ(run({"diff", "--exit-code", before, before}).exit_code, 0);
  write("www/a.example/htdocs/new", "");
  EXPECT_EQ(run({"diff", "--exit-code", before, "live"}).exit_code, 1);
  EXPECT_EQ(run({"diff", before, "live"}).exit_code, 0);
  EXPECT_EQ(run({"diff", before}).exit_code, 2);
}

TEST_F(Differing, SameSizeAndTime_IsReadOnlyWithChecksum) {
  const fs::path file = www("a.example") / "htdocs/index.html";
  const auto time = fs::last_write_time(file);
  const std::string before = backed_up("a.example").string();
  write("www/a.example/htdocs/index.html", "HELLO\n");
  EXPECT_EQ(changes(run({"--json", "diff", before, "live"})), Paths{"changed htdocs/index.html content"});
  fs::last_write_time(file, time);
  EXPECT_EQ(changes(run({"--json", "diff", before, "live"})), Paths{});
  EXPECT_EQ(changes(run({"--json", "diff", "--checksum", before, "live"})), Paths{"changed htdocs/index.html content"});
}

}  // namespace
}  // namespace wobackup
