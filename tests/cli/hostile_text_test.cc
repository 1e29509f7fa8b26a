// Names that a site's owner chose never steer the admin's terminal.
#include <sys/socket.h>
#include <sys/un.h>

#include "base/unique_fd.h"
#include "cli/command_line.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

// An escape sequence, a bell, a carriage return, a C1 control, a change of direction, a byte that is not UTF-8.
const std::string kNasty =
    "n\x1b[2J\a\r\xc2\x9b"
    "31m\xe2\x80\xae"
    "x\xff";
const std::string kNastyUtf8 = kNasty.substr(0, kNasty.size() - 1);

// Every line as printable() would leave it; what draws the progress bar is taken away first.
void expect_clean(std::string text, const std::string& what) {
  static constexpr std::string_view kErase = "\r\x1b[K";
  for (std::size_t at = 0; (at = text.find(kErase, at)) != std::string::npos;) text.erase(at, kErase.size());
  for (const std::string& line : test::lines_of(text)) EXPECT_EQ(line, printable(line)) << what;
}

class HostileText : public test::CommandLine {
 protected:
  // In a pipe, at a terminal, and as JSON, where the bytes are plain ASCII.
  void expect_clean_runs(const std::vector<std::string>& arguments, int code) {
    for (const test::Surroundings& around : {test::Surroundings{}, test::kTerminal}) {
      const Ran ran = run(arguments, around);
      EXPECT_EQ(ran.exit_code, code) << ran.both();
      expect_clean(ran.both(), arguments.front());
    }
    std::vector<std::string> with_json = arguments;
    with_json.emplace_back("--json");
    const Ran json = run(with_json);
    EXPECT_EQ(json.exit_code, code) << json.both();
    for (const char c : json.out) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F)) << json.out;
    expect_clean(json.err, arguments.front());
    static_cast<void>(json.objects());
  }
};

TEST_F(HostileText, InTheRegistry_IsEscaped) {
  add_row("evil.example", kNastyUtf8, (root() / "www" / kNasty).string());
  write(fs::path("www") / kNasty / "htdocs/index.html", "x");
  add_row(kNasty, "html", www("x").string());
  expect_clean_runs({"sites"}, 0);
  expect_clean_runs({"create", "evil.example"}, 0);
  expect_clean_runs({"create", "--all"}, 1);
  expect_clean_runs({"list"}, 0);
  expect_clean_runs({"list", "evil.example"}, 0);
  expect_clean_runs({"info", "evil.example"}, 0);
}

TEST_F(HostileText, InPathsOnTheDisk_IsEscaped) {
  add_site("evil.example");
  const fs::path htdocs = www("evil.example") / "htdocs";
  write(fs::path("www/evil.example/htdocs") / kNasty, "x");
  fs::create_symlink("/etc/" + kNasty, htdocs / "link");
  fs::create_directory_symlink(root(), htdocs / ("out" + kNasty));
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = (htdocs / ("s" + kNasty)).string();
  ASSERT_LT(name.size(), sizeof address.sun_path);
  name.copy(address.sun_path, name.size());
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  expect_clean_runs({"create", "evil.example"}, 0);
  expect_clean_runs({"info", "evil.example"}, 0);
  EXPECT_TRUE(contains(run({"create", "evil.example"}).err, "is a socket"));
}

TEST_F(HostileText, InReasonsAndMetadata_IsEscaped) {
  add_site("a.example");
  expect_clean_runs({"create", "a.example", "--reason", kNastyUtf8, "--meta", "k" + kNastyUtf8 + "=" + kNastyUtf8,
                     "--meta", "backup_type=" + kNastyUtf8},
                    0);
  expect_clean_runs({"list"}, 0);
  expect_clean_runs({"list", "a.example"}, 0);
  expect_clean_runs({"info", "a.example"}, 0);
  EXPECT_EQ(info("a.example")["backup_reason"], kNastyUtf8);
}

TEST_F(HostileText, OnTheCommandLine_IsEscaped) {
  add_site("a.example");
  expect_clean_runs({"create", kNasty}, 2);
  expect_clean_runs({"list", kNasty}, 2);
  expect_clean_runs({"info", kNasty}, 10);
  expect_clean_runs({"info", "/" + kNasty}, 10);
  expect_clean_runs({"info", "a.example/" + kNasty}, 10);
  expect_clean_runs({kNasty}, 2);
  expect_clean_runs({"help", kNasty}, 2);
  expect_clean_runs({"config", kNasty}, 2);
  expect_clean_runs({"completion", kNasty}, 2);
  expect_clean_runs({"create", "--" + kNasty}, 2);
  expect_clean_runs({"create", "a.example", "--reason", kNasty}, 2);
  expect_clean_runs({"create", "a.example", "--meta", kNasty}, 2);
  expect_clean_runs({"create", "a.example", "--wait", kNasty}, 2);
  expect_clean_runs({"create", "a.example", "--threads", kNasty}, 2);
  expect_clean_runs({"create", "--site-json", kNasty}, 10);
  expect_clean_runs({"create", "a.example", "--path", (root() / kNasty).string()}, 0);
  expect_clean_runs({"list", "a.example", "--path", (root() / kNasty).string()}, 0);
  expect_clean_runs({"create", "a.example", "--path", (www("a.example") / "htdocs" / kNasty).string()}, 2);
}

TEST_F(HostileText, InTheConfigFile_IsEscaped) {
  add_site("a.example");
  write_config("exclude = [\"n\\u001b[2J\\u009b\"]\n");
  expect_clean_runs({"config", "show"}, 0);
  write_config("\"k\\u001b[2J\" = 1\n");
  expect_clean_runs({"config", "validate"}, 2);
  fs::rename(config_file(), root() / kNasty);
  ::setenv("WOBACKUP_CONFIG", (root() / kNasty).c_str(), 1);
  expect_clean_runs({"sites"}, 2);
  write(kNasty, "");
  expect_clean_runs({"config", "validate"}, 0);
  expect_clean_runs({"config", "show"}, 0);
}

TEST_F(HostileText, InAnArchiveOfSomebodyElse_IsEscaped) {
  add_site("a.example");
  const fs::path made = backed_up("a.example", {"--meta", "message_type=" + kNastyUtf8});
  const fs::path there = root() / kNasty / "2025-01-20_14-25-30.tar.zst";
  fs::create_directories(there.parent_path());
  fs::copy_file(made, there);
  expect_clean_runs({"info", there.string()}, 0);
  write(fs::path(kNasty) / "2025-01-20_14-25-31.tar.zst", "no archive");
  expect_clean_runs({"info", (root() / kNasty / "2025-01-20_14-25-31.tar.zst").string()}, 21);
}

}  // namespace
}  // namespace wobackup
