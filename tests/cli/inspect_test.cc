// ls and dump.
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
    fs::copy(www("a.example") / "htdocs", root() / "foreign" / name / "htdocs",
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
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

}  // namespace
}  // namespace wobackup
