// A site's own look at itself before and after an update.
#include <sys/stat.h>

#include "autoupdate/updatable_wordpress.h"
#include "autoupdate/visual_check.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

class VisualCheckTest : public test::AutoupdateTest {
 protected:
  void command(const std::string& text, const std::string& owner = "33:33", const std::string& mode = "644") const {
    std::filesystem::create_directories(file().parent_path());
    std::ofstream(file()) << text;
    test::run_in("/", {"chown", "-R", owner, file().parent_path().string()});
    test::run_in("/", {"chmod", mode, file().string()});
  }
  [[nodiscard]] std::filesystem::path file() const { return live().site() / "conf/autoupdate-visual-cmd"; }
  [[nodiscard]] std::string written(const std::string& name) const {
    return test::text_of_file(live().site() / "conf" / name);
  }
  [[nodiscard]] bool has_work_folders() const { return !std::filesystem::is_empty(config_.scratch_dir); }
};

TEST_F(VisualCheckTest, CommandThatKnowsThePhases_RunsBeforeAndAfterAsTheSitesUser) {
  offer_plugin("shop", "1.1");
  command(
      "echo \"$WOBACKUP_PHASE $(id -u) $(pwd) $WOBACKUP_SITE $WOBACKUP_URL $WO_SITE $WO_WEBROOT\" >> conf/seen\n"
      "grep -h Version: htdocs/wp-content/plugins/shop/shop.php >> conf/seen\n"
      "case $WOBACKUP_PHASE in before) echo x > \"$WOBACKUP_WORK_DIR/picture\";; after) cat "
      "\"$WOBACKUP_WORK_DIR/picture\" >> "
      "conf/seen;; esac\n");
  EXPECT_EQ(update().state, AutoupdateState::updated);
  const std::string where = " 33 " + live().site().string() + " wp.example http://wp.example/ wp.example " +
                            live().site().string() + "\nVersion: ";
  EXPECT_EQ(written("seen"), "before" + where + "1.0\nafter" + where + "1.1\nx\n");
  EXPECT_FALSE(has_work_folders());
}

TEST_F(VisualCheckTest, PlainCommand_RunsAfterwardsOnly) {
  offer_plugin("shop", "1.1");
  command("echo once >> conf/seen\r\n");
  EXPECT_EQ(update().state, AutoupdateState::updated);
  EXPECT_EQ(written("seen"), "once\n");
}

TEST_F(VisualCheckTest, ScriptWithItsInterpreter_IsRunByIt) {
  offer_plugin("shop", "1.1");
  command("#!/usr/bin/env php\n<?php file_put_contents('conf/seen', getenv('WOBACKUP_SITE'));");
  EXPECT_EQ(update().state, AutoupdateState::updated);
  EXPECT_EQ(written("seen"), "wp.example");
}

TEST_F(VisualCheckTest, Failure_RollsBackAndKeepsWhatItMade) {
  offer_plugin("shop", "1.1");
  command("echo picture > \"$WOBACKUP_WORK_DIR/after.png\"; echo 'too different' >&2; exit 1\n");
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::rolled_back);
  EXPECT_EQ(done.exit_code(), 22);
  EXPECT_NE(done.error->message().find("too different; what it made is in " + config_.scratch_dir.string()),
            std::string::npos)
      << done.error->message();
  EXPECT_TRUE(has_work_folders());
  EXPECT_EQ(version_of("shop"), "1.0");
  command("true\n");
  EXPECT_EQ(update().state, AutoupdateState::updated);
  EXPECT_FALSE(has_work_folders());
}

TEST_F(VisualCheckTest, FailureBefore_ChangesNothing) {
  offer_plugin("shop", "1.1");
  command("[ \"$WOBACKUP_PHASE\" = after ]\n");
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::failed);
  EXPECT_EQ(done.exit_code(), 1);
  EXPECT_TRUE(backups().empty());
  EXPECT_EQ(version_of("shop"), "1.0");
}

TEST_F(VisualCheckTest, BrokenSite_IsNotLookedAt) {
  offer_plugin("shop", "1.1", "shop_that_is_not_there();");
  command("echo seen > conf/seen\n");
  EXPECT_EQ(update().state, AutoupdateState::rolled_back);
  EXPECT_EQ(written("seen"), "");
}

TEST_F(VisualCheckTest, Slow_IsEndedAndRolledBack) {
  offer_plugin("shop", "1.1");
  command("sleep 100 & sleep 100\n");
  config_.autoupdate.visual_timeout = std::chrono::seconds(1);
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::rolled_back);
  EXPECT_NE(done.error->message().find("did not end within 1 seconds"), std::string::npos) << done.error->message();
}

TEST_F(VisualCheckTest, NoVisual_LeavesItOut) {
  offer_plugin("shop", "1.1");
  command("exit 1\n");
  EXPECT_EQ(update({.visual = false}).state, AutoupdateState::updated);
}

TEST_F(VisualCheckTest, FilesOfOthers_AreNotRun) {
  const Cancellation never;
  const Site site = service().site("wp.example");
  const auto refused = [&] {
    return test::refusal([&] { (void)VisualCheck::find(site, config_, never); }, ErrorKind::failed);
  };
  command("true\n", "33:33", "666");
  EXPECT_NE(refused().find("can be changed by other users"), std::string::npos);
  command("true\n", "1234:1234");
  EXPECT_NE(refused().find("can be changed by other users"), std::string::npos);
  std::filesystem::remove(file());
  std::filesystem::create_symlink("/etc/hostname", file());
  EXPECT_NE(refused().find("cannot read"), std::string::npos);
  std::filesystem::remove(file());
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_NE(refused(), "");
  std::filesystem::remove(file());
  EXPECT_FALSE(VisualCheck::find(site, config_, never));
  command("\n \n");
  EXPECT_FALSE(VisualCheck::find(site, config_, never));
}

}  // namespace
}  // namespace wobackup
