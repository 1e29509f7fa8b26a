// guard --to: what the command says of stores, and how it ends.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.h"
#include "cli/store_command_line.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;
using Words = std::vector<std::string>;

constexpr const char* kServer = "[server]\nhttp_check = false\nreload_php = false\nweb_logs = \"/no/logs\"\n";
constexpr const char* kBreak = "echo x > htdocs/index.html; exit 9";

class GuardToStoresCommand : public test::StoreCommandLine {
 protected:
  GuardToStoresCommand() { write_stores({.first = kServer}); }
  [[nodiscard]] Ran guard(const Words& options, const std::string& script, const char* command = "guard") const {
    Words words{"--json", command, "a.example"};
    if (::geteuid() == 0) words.insert(words.end(), {"--user", "root"});
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", "sh", "-c", script});
    const UniqueFd out(::open((root() / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    test::Surroundings around;
    around.out_fd = around.err_fd = out.get();
    return run(words, around);
  }
  [[nodiscard]] std::string page() const { return test::text_of_file(www("a.example") / "htdocs/index.html"); }
  void refuse_bucket() const {
    s3_.fault({{"do", "refuse"}, {"status", 403}, {"code", "AccessDenied"}, {"times", 1'000'000}});
  }
};

TEST_F(GuardToStoresCommand, FailingChange_IsTakenBackFromABucketAlone) {
  const Ran ran = guard({"--to", "bucket"}, kBreak);
  EXPECT_EQ(ran.exit_code, 22) << ran.both();
  EXPECT_EQ(page(), "a.example");
  EXPECT_FALSE(fs::exists(archives("a.example")));
  const Json summary = ran.objects("summary").at(0);
  EXPECT_EQ(summary["rolled_back"], true);
  EXPECT_EQ(summary["stores"].size(), 1U);
  EXPECT_EQ(summary["stores"][0]["store"], "bucket");
  EXPECT_EQ(summary["stores"][0]["ok"], true);
  EXPECT_EQ(summary["restored_from"], summary["archive"]);
  EXPECT_TRUE(summary.value("archive", "").starts_with("s3://test-bucket/web/a.example/"));
  EXPECT_TRUE(contains(ran.objects("error").at(0).value("message", ""), " from bucket"));
  EXPECT_EQ(ran.objects("stored").at(0)["ok"], true);
}

TEST_F(GuardToStoresCommand, SomeStoresHaveIt_TheChangeStaysAndEndsWell) {
  refuse_bucket();
  const Ran ran = guard({"--to", "bucket", "--to", "nas"}, "echo x > htdocs/index.html");
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_EQ(page(), "x\n");
  EXPECT_TRUE(ran.objects("error").empty()) << ran.both();
  EXPECT_EQ(ran.objects("stored").at(0)["ok"], false);
  EXPECT_EQ(ran.objects("summary").at(0)["stores"][0]["ok"], false);
  Words words{"guard", "a.example", "--to", "bucket", "--to", "disk"};
  if (::geteuid() == 0) words.insert(words.end(), {"--user", "root"});
  words.insert(words.end(), {"--", "true"});
  const Ran text = run(words);
  EXPECT_EQ(text.exit_code, 0) << text.both();
  EXPECT_TRUE(contains(text.err, "a.example: bucket does not have the backup: "));
  EXPECT_TRUE(contains(text.err, "the backup is " + (disk() / "a.example").string()));
}

TEST_F(GuardToStoresCommand, NoStoreHasIt_NothingIsRun) {
  refuse_bucket();
  const Ran ran = guard({"--to", "bucket"}, "echo x > htdocs/index.html");
  EXPECT_EQ(ran.exit_code, 1) << ran.both();
  EXPECT_EQ(page(), "a.example");
  EXPECT_EQ(ran.objects("stored").at(0)["ok"], false);
  EXPECT_TRUE(contains(ran.objects("error").at(0).value("message", ""), "test-bucket"));
  EXPECT_EQ(guard({"--to", "dsik"}, kBreak).exit_code, 10);
  EXPECT_EQ(guard({"--to", "bucket", "--path", (root() / "b").string()}, kBreak).exit_code, 2);
  EXPECT_EQ(guard({"--to", (www("a.example") / "htdocs/backups").string()}, kBreak).exit_code, 2);
  EXPECT_EQ(page(), "a.example");
}

TEST_F(GuardToStoresCommand, Default_IsLocalAndStores_UnlessGuardSaysOtherwise) {
  const auto stores_of = [](const Ran& ran) {
    Words names;
    for (const Json& stored : ran.objects("stored")) names.push_back(stored.value("store", ""));
    return names;
  };
  write_stores({.first = std::string("stores = [\"disk\"]\n") + kServer});
  EXPECT_EQ(stores_of(guard({}, "true")), (Words{"local", "disk"}));
  EXPECT_EQ(stores_of(guard({"--files"}, "true", "update")), (Words{"local", "disk"}));
  write_stores({.first = std::string("stores = [\"disk\"]\n[guard]\nstores = [\"nas\"]\n") + kServer});
  EXPECT_EQ(stores_of(guard({}, "true")), (Words{"nas"}));
  EXPECT_TRUE(contains(run({"config", "show"}).out, "guard.stores = [\"nas\"]"));
  write_stores({.first = std::string("[guard]\nstores = [\"dsik\"]\n") + kServer});
  EXPECT_EQ(run({"config", "validate"}).exit_code, 2);
}

TEST_F(GuardToStoresCommand, EncryptedForSomebodyElse_NothingIsDone) {
  const std::string recipient = test::lines_of(run({"key", "generate", (root() / "key").string()}).out).at(0);
  write_stores({.first = kServer, .bucket = "recipients = [\"" + recipient + "\"]\n"});
  EXPECT_EQ(guard({"--to", "bucket"}, kBreak).exit_code, 12);
  EXPECT_EQ(page(), "a.example");
  EXPECT_EQ(s3_.state()["objects"].size(), 0U);
  EXPECT_EQ(guard({"--to", "bucket", "--identity", (root() / "key").string()}, kBreak).exit_code, 22);
  EXPECT_EQ(page(), "a.example");
}

TEST_F(GuardToStoresCommand, Killed_StatusNamesTheStoresAndAbortTakesItBack) {
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(guard({"--to", "bucket"}, "echo x > htdocs/index.html; exec sleep 1000"));
    ::_exit(0);
  }
  while (page() != "x\n") ::usleep(10'000);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  Ran status = run({"--json", "guard", "--status"});
  for (int attempt = 0; attempt < 500 && status.objects("pending_guard").at(0)["state"] != "killed"; ++attempt) {
    ::usleep(10'000);
    status = run({"--json", "guard", "--status"});
  }
  EXPECT_EQ(status.exit_code, 1) << status.both();
  const Json pending = status.objects("pending_guard").at(0);
  ASSERT_EQ(pending["archives"].size(), 1U);
  EXPECT_TRUE(pending["archives"][0].get<std::string>().starts_with("s3://test-bucket/web/a.example/"));
  const Ran aborted = run({"--json", "guard", "--abort", "a.example"});
  EXPECT_EQ(aborted.exit_code, 0) << aborted.both();
  EXPECT_EQ(aborted.objects("summary").at(0)["restored_from"], pending["archives"][0]);
  EXPECT_EQ(page(), "a.example");
}

}  // namespace
}  // namespace wobackup
