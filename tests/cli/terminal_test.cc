// What a screen of 80 columns gets, and what a pipe gets.
#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/table.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

const std::string kLongName = "a-very-long-name-of-a-shop.with-a-subdomain.of-some-customer.example";

class TerminalTest : public test::CommandLine {
 protected:
  TerminalTest() {
    add_site(kLongName);
    add_wordpress("blog.example");
    static_cast<void>(backed_up(kLongName, {"--reason", kLongReason}));
    static_cast<void>(backed_up("blog.example"));
    write(fs::path("www/blog.example/backup/blog.example/2020-01-01_00-00-00.tar.zst"), "no archive");
  }
  const std::string kLongReason = "before the great move of all customers to the new server in the other town";
};

TEST_F(TerminalTest, Tables_FitTheScreen) {
  for (const unsigned width : {80U, 100U, 132U}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"sites"}, {"list"}, {"list", kLongName}, {"list", "blog.example"}}) {
      const Ran ran = run(arguments, {.at_terminal = true, .width = width});
      EXPECT_EQ(ran.exit_code, 0) << ran.both();
      for (const std::string& line : test::lines_of(ran.out)) EXPECT_LE(cli::display_width(line), width) << line;
    }
  }
}

TEST_F(TerminalTest, List_KeepsWhatNamesABackupWhole) {
  const std::string name = info(kLongName)["archive_path"].get<std::string>();
  const std::string stamp = fs::path(name).stem().stem().string();
  for (const Ran& ran : {run({"list"}, test::kTerminal), run({"list", kLongName}, test::kTerminal)}) {
    for (const std::string& part : {stamp, std::string(" complete"), std::string("full"), std::string("REASON")}) {
      EXPECT_TRUE(contains(ran.out, part));
    }
  }
  const Ran damaged = run({"list", "blog.example"}, test::kTerminal);
  EXPECT_TRUE(contains(damaged.out, "2020-01-01_00-00-00"));
  EXPECT_TRUE(contains(damaged.out, "damaged"));
}

TEST_F(TerminalTest, Find_NeverCutsANameOfABackup) {
  const std::string name = info("blog.example")["archive_path"].get<std::string>();
  const std::string stamp = fs::path(name).stem().stem().string();
  for (const unsigned width : {60U, 80U}) {
    const Ran ran = run({"find", "wp-config.php", "blog.example"}, {.at_terminal = true, .width = width});
    EXPECT_TRUE(contains(ran.out, stamp + "  " + stamp)) << ran.both();
  }
}

TEST_F(TerminalTest, List_NeverCutsASitesName) {
  const std::vector<std::string> lines = test::lines_of(run({"list"}, test::kTerminal).out);
  for (const std::string& name : {kLongName, std::string("blog.example")}) {
    EXPECT_EQ(std::count(lines.begin(), lines.end(), name), 1) << name;
  }
  EXPECT_TRUE(contains(run({"list"}, {.at_terminal = true, .width = 140}).out, kLongName + "  20"));
  // Where it does not matter, all is one table.
  sql("DELETE FROM sites WHERE sitename = '" + kLongName + "'");
  EXPECT_TRUE(contains(run({"list"}, test::kTerminal).out, "\nblog.example  20"));
}

TEST_F(TerminalTest, List_TellsTheProblemWithoutTheNameAgain) {
  const Ran ran = run({"list", "blog.example"}, test::kTerminal);
  EXPECT_TRUE(contains(ran.out, "  damaged\n    is no whole archive: ")) << ran.out;
  EXPECT_EQ(ran.out.find(".tar.zst"), std::string::npos) << ran.out;
}

TEST_F(TerminalTest, InAPipe_NothingIsCut) {
  const Ran list = run({"list"});
  EXPECT_TRUE(contains(list.out, kLongName));
  EXPECT_TRUE(contains(list.out, kLongReason));
  const Ran sites = run({"sites"});
  EXPECT_TRUE(contains(sites.out, kLongName + " "));
  EXPECT_TRUE(contains(sites.out, www(kLongName).string()));
  EXPECT_TRUE(contains(sites.out, www("blog.example").string()));
  EXPECT_TRUE(contains(sites.out, "htdocs/wp-content/database/.ht.sqlite"));
}

TEST_F(TerminalTest, InAPipe_ThereAreNoColoursAndNoProgress) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"create", "--all"}, {"list"}, {"sites"}, {"info", "blog.example"}, {"create", "x"}}) {
    const Ran ran = run(arguments, {.colours = true});
    EXPECT_EQ(ran.both().find_first_of("\x1b\r"), std::string::npos) << ran.both();
  }
}

TEST_F(TerminalTest, OnAScreen_ProgressIsDrawnAndTakenAway) {
  const Ran ran = run({"create", "blog.example"}, test::kTerminal);
  EXPECT_TRUE(contains(ran.err, "\r\x1b[K"));
  EXPECT_TRUE(ran.err.ends_with("\r\x1b[K")) << ran.err;
  EXPECT_EQ(ran.out.find_first_of("\x1b\r"), std::string::npos) << ran.out;
  std::string drawn = ran.err;
  for (std::size_t at = 0; (at = drawn.find("\r\x1b[K")) != std::string::npos;) drawn.replace(at, 4, "\n");
  for (const std::string& line : test::lines_of(drawn)) EXPECT_LT(cli::display_width(line), 80U) << line;
}

// What is drawn for one state of a run.
std::string drawn(const Progress& progress, unsigned width = 80) {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  cli::Terminal terminal{.out = out, .err = err, .in = in, .err_is_terminal = true, .width = width};
  cli::Output output(terminal, {});
  output.progress(progress);
  const std::string text = err.str();
  EXPECT_TRUE(text.starts_with("\r\x1b[K")) << text;
  EXPECT_LT(cli::display_width(text.substr(4)), width) << text;
  return text.substr(4);
}

TEST(ProgressBar, KeepsTheSitesNameAsFarAsThereIsRoom) {
  Progress progress;
  progress.site = kLongName;
  progress.bytes_done = 50 << 20;
  progress.bytes_total = 100 << 20;
  progress.elapsed = std::chrono::seconds(10);
  EXPECT_TRUE(contains(drawn(progress), "…  [##########..........]  50 %  50.0 MiB  5.0 MiB/s"));
  EXPECT_TRUE(drawn(progress).starts_with("a-very-")) << drawn(progress);
  EXPECT_TRUE(drawn(progress, 160).starts_with(kLongName + "  [")) << drawn(progress, 160);
  EXPECT_TRUE(drawn(progress, 50).starts_with("[")) << drawn(progress, 50);
}

TEST(ProgressBar, ClaimsTheWholeOnlyWhenAllIsRead) {
  Progress progress;
  progress.site = "a.example";
  progress.bytes_done = 9999;
  progress.bytes_total = 10'000;
  progress.elapsed = std::chrono::seconds(10);
  EXPECT_TRUE(contains(drawn(progress), "[###################.]  99 %"));
  progress.bytes_done = 10'000;
  EXPECT_TRUE(contains(drawn(progress), "[####################] 100 %"));
  EXPECT_TRUE(drawn(progress).ends_with("  finishing")) << drawn(progress);
}

TEST_F(TerminalTest, Colours_AreForScreensThatWantThem) {
  const Ran wanted = run({"create", "nope.example"}, {.at_terminal = true, .colours = true});
  EXPECT_TRUE(wanted.err.starts_with("\x1b[31merror\x1b[0m: ")) << wanted.err;
  const Ran unwanted = run({"create", "nope.example"}, test::kTerminal);
  EXPECT_TRUE(unwanted.err.starts_with("error: ")) << unwanted.err;
}

TEST_F(TerminalTest, Info_KeepsValuesWhole) {
  const Ran ran = run({"info", kLongName}, test::kTerminal);
  EXPECT_TRUE(contains(ran.out, kLongReason));
  EXPECT_TRUE(contains(ran.out, info(kLongName)["archive_path"].get<std::string>() + "\n"));
}

// The real program at a real terminal of 80 columns; what it writes.
std::string at_screen(const std::vector<std::string>& environment, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"wobackup"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables = environment;
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  int screen = -1;
  const pid_t pid = ::forkpty(&screen, nullptr, nullptr, &size);
  if (pid == 0) {
    ::execve(WOBACKUP_COMMAND, argv.data(), envp.data());
    ::_exit(98);
  }
  const UniqueFd end(screen);
  std::string written;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(end.get(), buffer, sizeof buffer)) > 0;) {
    written.append(buffer, static_cast<std::size_t>(count));
  }
  ::waitpid(pid, nullptr, 0);
  return written;
}

TEST_F(TerminalTest, NoColor_IsHeeded) {
  const std::string config = "WOBACKUP_CONFIG=" + config_file().string();
  const std::vector<std::string> arguments{"create", "nope.example"};
  EXPECT_TRUE(contains(at_screen({config, "TERM=xterm"}, arguments), "\x1b[31merror\x1b[0m: "));
  EXPECT_TRUE(contains(at_screen({config, "TERM=xterm", "NO_COLOR="}, arguments), "\x1b[31merror\x1b[0m: "));
  EXPECT_TRUE(at_screen({config, "TERM=xterm", "NO_COLOR=1"}, arguments).starts_with("error: "));
  EXPECT_TRUE(at_screen({config, "TERM=dumb"}, arguments).starts_with("error: "));
  EXPECT_TRUE(at_screen({config}, arguments).starts_with("error: "));
}

TEST_F(TerminalTest, TheScreensWidth_IsUsed) {
  const std::string written = at_screen({"WOBACKUP_CONFIG=" + config_file().string(), "TERM=xterm"}, {"sites"});
  EXPECT_TRUE(contains(written, "blog.example"));
  for (const std::string& line : test::lines_of(written)) EXPECT_LE(cli::display_width(line), 81U) << line;  // and \r
}

}  // namespace
}  // namespace wobackup
