// A run that is killed in the middle of an update, by its own command line.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "autoupdate/updatable_wordpress.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

class KilledAutoupdate : public test::AutoupdateTest {
 protected:
  void SetUp() override {
    AutoupdateTest::SetUp();
    if (IsSkipped()) return;
    config_.autoupdate.wp = folder_ / "wp";  // the real one has no bad days
    folder_.write("wobackup.toml",
                  "registry = '" + (folder_ / "none.db").string() + "'\nstate_dir = '" + config_.state_dir.string() +
                      "'\nlog_dir = '" + config_.log_dir.string() + "'\nscratch_dir = '" +
                      config_.scratch_dir.string() + "'\nbackup_root = '" + config_.backup_root->string() +
                      "'\nmin_free = '1K'\n[database]\ndefaults_file = '" + config_.database.defaults_file->string() +
                      "'\n[server]\nhttp_port = " + std::to_string(config_.server.http_port) +
                      "\nreload_php = false\npage_cache = '" + config_.server.page_cache.string() +
                      "'\n[autoupdate]\nwp = '" + config_.autoupdate.wp->string() +
                      "'\n[site.\"wp.example\"]\npath = '" + live().site().string() +
                      "'\ntype = 'wp'\n[site.\"wp.example\".database]\nname = 'wp'\n");
  }
  [[nodiscard]] Collected wobackup(std::vector<std::string> words) const {
    words.insert(words.begin(), {WOBACKUP_COMMAND, "--config", (folder_ / "wobackup.toml").string()});
    return run_collecting({words, {}, {}, std::nullopt}, std::chrono::minutes(2));
  }
};

TEST_F(KilledAutoupdate, IsReportedByTheNextRunAndTakenBackByAbort) {
  offer_plugin("shop", "1.1");
  bad_day("hang");
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string config = (folder_ / "wobackup.toml").string();
    ::execl(WOBACKUP_COMMAND, WOBACKUP_COMMAND, "--config", config.c_str(), "autoupdate", "run", "wp.example", "-q",
            nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < 1200 && !std::filesystem::exists(live().htdocs() / "wp-content/hanging"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_TRUE(std::filesystem::exists(live().htdocs() / "wp-content/hanging"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(version_of("shop"), "1.1");
  std::filesystem::remove(folder_ / "bad-day");

  const Collected next = wobackup({"autoupdate", "run", "wp.example"});
  EXPECT_EQ(next.status.code, 11);
  EXPECT_NE((next.out + next.err).find("guard --abort wp.example"), std::string::npos) << next.out << next.err;
  EXPECT_EQ(version_of("shop"), "1.1");  // nothing goes back by itself

  const Collected aborted = wobackup({"guard", "--abort", "wp.example"});
  EXPECT_EQ(aborted.status.code, 0) << aborted.out << aborted.err;
  expect_untouched();

  const Collected again = wobackup({"autoupdate", "run", "wp.example"});
  EXPECT_EQ(again.status.code, 0) << again.out << again.err;
  EXPECT_EQ(version_of("shop"), "1.1");
}

}  // namespace
}  // namespace wobackup
