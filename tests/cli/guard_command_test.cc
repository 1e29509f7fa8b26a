// wobackup guard and update: what they are told, what they say, how they end.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "cli/command_line.h"
#include "fakes/plain_tools.h"
#include "wobackup/service.h"

namespace wobackup {
namespace {

using test::contains;
using test::Ran;

class GuardCommandLine : public test::CommandLine {
 protected:
  GuardCommandLine() {
    write_config("[server]\nhttp_check = false\nreload_php = false\nweb_logs = \"/no/logs\"\n");
    add_site("example.com");
    user_ = ::geteuid() == 0 ? std::vector<std::string>{"--user", "root"} : std::vector<std::string>{};
  }
  Ran guard(const std::vector<std::string>& options, const std::string& script, const std::string& command = "guard") {
    std::vector<std::string> words{command, "example.com"};
    words.insert(words.end(), user_.begin(), user_.end());
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", "sh", "-c", script});
    const UniqueFd out(::open((root() / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const UniqueFd err(::open((root() / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    test::Surroundings around;
    around.out_fd = out.get();
    around.err_fd = err.get();
    return run(words, around);
  }
  std::string text(const char* name) const { return test::text_of_file(root() / name); }
  std::string page() const { return test::text_of_file(www("example.com") / "htdocs/index.html"); }

  std::vector<std::string> user_;
};

TEST_F(GuardCommandLine, StdoutIsTheCommands) {
  const Ran ran = guard({"--reason", "pre-test", "--meta", "n=1"},
                        "echo to stdout; echo to stderr >&2; echo x > htdocs/index.html");
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(text("out"), "to stdout\n");
  EXPECT_EQ(text("err"), "to stderr\n");
  EXPECT_TRUE(contains(ran.err,
                       "example.com: backing up\nexample.com: running sh\nexample.com: done, no check was asked; "
                       "the backup is " +
                           archives("example.com").string() + "/"));
  EXPECT_EQ(page(), "x\n");
  EXPECT_EQ(info("example.com")["backup_reason"], "pre-test");
  EXPECT_EQ(info("example.com")["n"], 1);
}

TEST_F(GuardCommandLine, Json_IsNotMixedWithTheCommandsOutput) {
  const Ran ran = guard({"--json", "--type", "files"}, "echo '{\"no\": 1}'; echo x > htdocs/index.html; exit 9");
  EXPECT_EQ(ran.exit_code, 22);
  EXPECT_EQ(text("out"), "");
  EXPECT_EQ(text("err"), "{\"no\": 1}\n");
  ASSERT_EQ(ran.objects("error").size(), 1U);
  EXPECT_EQ(ran.objects("error")[0]["kind"], "rolled_back");
  const Json summary = ran.objects().back();
  EXPECT_EQ(summary["message_type"], "summary");
  EXPECT_EQ(summary["command"]["exit_code"], 9);
  EXPECT_EQ(summary["rolled_back"], true);
  EXPECT_EQ(summary["type"], "files");
  EXPECT_EQ(summary["kept_rows"]["rows"], 0);
  EXPECT_EQ(summary["exit_code"], 22);
  EXPECT_EQ(ran.objects("phase").size(), 4U);  // check, backup, change, roll-back
  EXPECT_EQ(page(), "example.com");
}

TEST_F(GuardCommandLine, Failure_SaysWhatWhereAndHowToGetItBack) {
  const Ran ran = guard({}, "echo x > htdocs/index.html; exit 9");
  EXPECT_EQ(ran.exit_code, 22);
  EXPECT_TRUE(
      contains(ran.err, "error: example.com: the command ended with exit status 9; rolled back to the backup 2"));
  EXPECT_TRUE(contains(ran.err, "Hint: what the change had made is kept for `wobackup restore --undo example.com`"));
  EXPECT_EQ(page(), "example.com");
}

TEST_F(GuardCommandLine, OptionsBehindTheMark_AreTheCommands) {
  EXPECT_EQ(guard({}, "test \"$0 $1 $2\" = '--json --path --'").exit_code, 22);
  std::vector<std::string> words{"guard", "example.com"};
  words.insert(words.end(), user_.begin(), user_.end());
  words.insert(words.end(), {"--", "sh", "-c", "test \"$0 $1 $2\" = '--json --path --'", "--json", "--path", "--"});
  const Ran ran = run(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
}

TEST_F(GuardCommandLine, ProgramOfTheWorkingFolder_IsFoundThere) {
  write("tool.sh", "#!/bin/sh\ntouch htdocs/tool-was-here\n");
  std::filesystem::permissions(root() / "tool.sh", std::filesystem::perms(0755));
  const std::filesystem::path folder = std::filesystem::current_path();
  std::filesystem::current_path(root());
  std::vector<std::string> words{"guard", "example.com", "--", "./tool.sh"};
  words.insert(words.begin() + 2, user_.begin(), user_.end());
  const Ran ran = run(words);
  std::filesystem::current_path(folder);
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(std::filesystem::exists(www("example.com") / "htdocs/tool-was-here"));
}

TEST_F(GuardCommandLine, WrongUsage_ChangesNothing) {
  const auto told = [&](const std::vector<std::string>& words) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 2) << ran.both();
    return ran.err;
  };
  EXPECT_TRUE(contains(told({"guard", "example.com"}), "no command was given: it stands behind --"));
  EXPECT_TRUE(contains(told({"guard", "example.com", "wp", "plugin"}), "stands behind --"));
  EXPECT_TRUE(contains(told({"guard", "--", "true"}), "no site was named"));
  EXPECT_TRUE(contains(told({"guard", "example.com", "--type", "x", "--", "true"}), "\"x\" is not a type of backup"));
  EXPECT_TRUE(contains(told({"guard", "example.com", "--check", "x", "--", "true"}), "\"x\" is no check"));
  EXPECT_TRUE(
      contains(told({"guard", "example.com", "--timeout", "x", "--", "true"}), "--timeout x is not a duration"));
  EXPECT_TRUE(contains(told({"guard", "example.com", "--resume", "--abort"}), "exclude each other"));
  EXPECT_TRUE(contains(told({"guard", "example.com", "--resume", "--", "true"}), "take no command"));
  EXPECT_TRUE(
      contains(told({"guard", "example.com", "--check", "http", "--no-check", "--", "true"}), "exclude each other"));
  EXPECT_TRUE(contains(told({"update", "example.com", "--", "true"}), "--db or --files?"));
  EXPECT_TRUE(contains(told({"update", "example.com", "--db", "--files", "--", "true"}), "--db or --files?"));
  EXPECT_TRUE(contains(told({"update", "example.com", "--files"}), "no command was given"));
  EXPECT_EQ(run({"guard", "other.example", "--", "true"}).exit_code, 10);
  EXPECT_FALSE(std::filesystem::exists(archives("example.com")));
}

TEST_F(GuardCommandLine, FilesOfRoots_AreNotRunAsRootUnasked) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  user_.clear();
  const Ran ran = guard({}, "true");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(contains(ran.err, "htdocs belongs to root"));
  EXPECT_TRUE(contains(ran.err, "--user NAME"));
}

TEST_F(GuardCommandLine, Update_HasItsReasonAndMetadata) {
  const Ran ran = guard({"--files"}, "echo x > htdocs/index.html", "update");
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  const Json made = info("example.com");
  EXPECT_EQ(made["backup_reason"], "pre-file-update");
  EXPECT_EQ(made["backup_type"], "files");
  EXPECT_EQ(made["operation"], "file-update");
  EXPECT_TRUE(made["db_name"].is_null());
  EXPECT_EQ(guard({"--files", "--meta", "operation=site-update"}, "true", "update").exit_code, 0);
  EXPECT_EQ(info("example.com")["operation"], "site-update");
}

TEST_F(GuardCommandLine, GuardWithinAGuard_IsLockedAndABackupIsNot) {
  const Ran ran = guard({}, std::string(WOBACKUP_COMMAND) + " guard example.com " +
                                (user_.empty() ? "" : "--user root") + " -- true; echo $?; " + WOBACKUP_COMMAND +
                                " create example.com; echo $?; " + WOBACKUP_COMMAND + " guard --status");
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(contains(text("err"), "another run holds the lock"));
  EXPECT_TRUE(text("out").starts_with("11\n")) << text("out");
  EXPECT_TRUE(contains(text("out"), "\n0\n"));
  EXPECT_TRUE(contains(text("out"), "example.com: a guard is at work since"));
}

TEST_F(GuardCommandLine, KilledOne_IsReportedEverywhereAndDecided) {
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(guard({"--reason", "pre-kill"}, "echo x > htdocs/index.html; echo begun; exec sleep 1000"));
    ::_exit(0);
  }
  while (!std::filesystem::exists(root() / "out") || text("out").find("begun") == std::string::npos) ::usleep(1000);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (run({"guard", "--status"}).exit_code == 0) ::usleep(10'000);
  const std::string warning = "warning: example.com: a guard that began 2";
  for (const std::vector<std::string>& words : {std::vector<std::string>{"create", "example.com"},
                                                {"list", "example.com"},
                                                {"list"},
                                                {"sites"},
                                                {"guard", "--status"},
                                                {"restore", "--status"}}) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, words[0] == "guard" || words[0] == "restore" ? 1 : 0) << words[0];
    EXPECT_TRUE(contains(ran.err, warning)) << words[0];
    EXPECT_TRUE(contains(ran.err, "(pre-kill) was killed: keep its change with `wobackup guard --resume example.com`"));
  }
  const std::vector<Json> pending = run({"--json", "guard", "--status"}).objects("pending_guard");
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0]["state"], "killed");
  EXPECT_EQ(pending[0]["phase"], "change");
  const Ran locked = guard({}, "true");
  EXPECT_EQ(locked.exit_code, 11);
  EXPECT_TRUE(contains(locked.err, "guard --abort example.com"));
  const Ran aborted = run({"guard", "--abort", "example.com", "--json"});
  EXPECT_EQ(aborted.exit_code, 0) << aborted.both();
  EXPECT_EQ(aborted.objects().back()["rolled_back"], true);
  EXPECT_EQ(page(), "example.com");
  EXPECT_EQ(run({"guard", "--status"}).exit_code, 0);
  EXPECT_EQ(run({"guard", "--abort", "example.com"}).exit_code, 10);
  EXPECT_EQ(run({"guard", "--resume", "example.com"}).exit_code, 10);
}

}  // namespace
}  // namespace wobackup
