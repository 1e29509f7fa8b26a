// Backups that are restored where nobody needs them.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "fakes/plain_tools.h"
#include "recovery/live_wordpress.h"

namespace wobackup {
namespace {

using test::LiveWordPressTest;

class DrillTest : public LiveWordPressTest {
 protected:
  void SetUp() override {
    LiveWordPressTest::SetUp();
    if (IsSkipped()) return;
    config_.scratch_dir = folder_ / "scratch";
    std::filesystem::create_directory(config_.scratch_dir);
    for (const auto& path : {folder_.path(), config_.scratch_dir}) ::chmod(path.c_str(), 0711);
  }
  Verified drill() const { return service().verify(archive_, {.level = VerifyLevel::drill}); }
  void expect_nothing_left() const {
    EXPECT_TRUE(std::filesystem::is_empty(config_.scratch_dir));
    EXPECT_TRUE(std::filesystem::is_empty(config_.state_dir / "drills"));
    EXPECT_EQ(leftovers(), "");
  }
};

TEST_F(DrillTest, WholeBackup_IsProven) {
  std::vector<std::string> phases;
  VerifyOptions options{.level = VerifyLevel::drill};
  options.on_progress = [&](const Progress& progress) {
    if (phases.empty() || phases.back() != progress.phase) phases.push_back(progress.phase);
  };
  const Verified verified = service().verify(archive_, options);
  for (const VerifyProblem& problem : verified.problems) ADD_FAILURE() << problem.what;
  EXPECT_TRUE(verified.ok);
  EXPECT_EQ(verified.level, VerifyLevel::drill);
  ASSERT_TRUE(verified.drill);
  EXPECT_TRUE(verified.drill->complete);
  EXPECT_GT(verified.drill->tables, 12U);
  EXPECT_GT(verified.drill->rows, 50U);
  EXPECT_TRUE(verified.drill->wordpress);
  EXPECT_EQ(verified.drill->siteurl.substr(0, 4), "http");
  EXPECT_NE(verified.drill->latest_post.find("Beitrag"), std::string::npos);
  EXPECT_EQ(word_for(service().last_verified(archive_)), "proven");
  // One after the other, and not mixed.
  ASSERT_GE(phases.size(), 2U);
  EXPECT_EQ(phases[0], "verify");
  std::sort(phases.begin(), phases.end());
  EXPECT_EQ(std::adjacent_find(phases.begin(), phases.end()), phases.end());
  EXPECT_NE(phases[0], "");
  expect_nothing_left();
  // Nothing live was touched.
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
}

TEST_F(DrillTest, WordPressThatDies_IsAProblem) {
  std::ofstream(live().htdocs() / "wp-content/mu-plugins/broken.php") << "<?php no_such_function();";
  archive_ = service().create(the_site(), {}).archive;
  std::filesystem::remove(live().htdocs() / "wp-content/mu-plugins/broken.php");
  const Verified verified = drill();
  EXPECT_FALSE(verified.ok);
  ASSERT_EQ(verified.problems.size(), 1U);
  EXPECT_NE(verified.problems[0].what.find("no_such_function"), std::string::npos);
  EXPECT_EQ(word_for(service().last_verified(archive_)), "drill failed");
  // It is whole, but that says nothing about the drill.
  EXPECT_TRUE(service().verify(archive_, {.level = VerifyLevel::data}).ok);
  EXPECT_EQ(word_for(service().last_verified(archive_)), "drill failed");
  expect_nothing_left();
}

// A table that the files need is missing: every byte is as it was stored.
TEST_F(DrillTest, DatabaseWithoutATable_IsAProblem) {
  sql("DROP TABLE wp_options");
  archive_ = service().create(the_site(), {}).archive;
  EXPECT_TRUE(service().verify(archive_, {.level = VerifyLevel::data}).ok);
  EXPECT_FALSE(drill().ok);
  expect_nothing_left();
  sql("CREATE TABLE wp_options LIKE wp_links");  // for the fixture
  live().server().run("wp", "DROP TABLE wp_options");
  archive_ = service().list("wp.example").back().archive;
  static_cast<void>(service().restore_in_place(the_site(), archive_, {.check = false}));
}

// The config file insists on the live database: what it would do there must not happen.
TEST_F(DrillTest, ConfigThatNamesTheLiveDatabase_GetsTheScratchOne) {
  std::ofstream(live().htdocs() / "wp-content/mu-plugins/writes.php")
      << "<?php $GLOBALS['wpdb']->query(\"INSERT INTO wp_options (option_name, option_value) VALUES ('drilled', "
         "'1')\");";
  archive_ = service().create(the_site(), {}).archive;
  std::filesystem::remove(live().htdocs() / "wp-content/mu-plugins/writes.php");
  EXPECT_TRUE(drill().ok);
  EXPECT_EQ(database().find("'drilled'"), std::string::npos);
  expect_nothing_left();
}

// Whoever makes an archive chooses the owners in it.
TEST_F(DrillTest, OwnersThatTheArchiveNames_RunNothing) {
  std::ofstream(live().htdocs() / "wp-content/mu-plugins/who.php")
      << "<?php if (posix_getuid() !== 33 || posix_getgid() !== 33) die('run as ' . posix_getuid() . ':' . "
         "posix_getgid());";
  const auto drilled_as = [&](unsigned uid, unsigned gid) {
    EXPECT_EQ(::chown(live().htdocs().c_str(), uid, gid), 0);
    archive_ = service().create(the_site(), {}).archive;
    EXPECT_EQ(::chown(live().htdocs().c_str(), 33, 33), 0);
    return drill();
  };
  Verified verified = drilled_as(33, 42);
  for (const VerifyProblem& problem : verified.problems) ADD_FAILURE() << problem.what;
  ASSERT_TRUE(verified.drill);
  EXPECT_TRUE(verified.drill->wordpress);
  verified = drilled_as(1234, 42);
  std::filesystem::remove(live().htdocs() / "wp-content/mu-plugins/who.php");
  EXPECT_TRUE(verified.ok);
  ASSERT_TRUE(verified.drill);
  EXPECT_FALSE(verified.drill->wordpress);
  ASSERT_EQ(verified.drill->notes.size(), 1U);
  EXPECT_NE(verified.drill->notes[0].find("its htdocs belongs to user 1234, the live site's to user 33"),
            std::string::npos);
  expect_nothing_left();
}

TEST_F(DrillTest, WithoutAServer_IsNotProven) {
  config_.database.defaults_file.reset();
  config_.database.admin = false;
  const Verified verified = drill();
  EXPECT_TRUE(verified.ok);
  EXPECT_EQ(verified.level, VerifyLevel::data);
  ASSERT_TRUE(verified.drill);
  EXPECT_FALSE(verified.drill->complete);
  EXPECT_FALSE(verified.drill->notes.empty());
  EXPECT_EQ(word_for(service().last_verified(archive_)), "verified");
  expect_nothing_left();
}

TEST_F(DrillTest, Killed_LeavesWhatTheNextRunRemoves) {
  bool met_folder = false, met_database = false;
  for (int round = 0; round < 6; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        static_cast<void>(drill());
      } catch (...) {
      }
      ::_exit(0);
    }
    // Once it has begun to make something.
    const auto waited_for = [&] {
      return round % 2 == 0 ? !std::filesystem::is_empty(config_.scratch_dir) : !leftovers().empty();
    };
    while (::waitpid(child, nullptr, WNOHANG) == 0 && !waited_for()) ::usleep(1000);
    ::usleep(static_cast<useconds_t>(round) * 40'000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    met_folder = met_folder || !std::filesystem::is_empty(config_.scratch_dir);
    met_database = met_database || !leftovers().empty();
    // What it had started ends a moment after it, and holds the lock until then.
    for (int i = 0; i < 50; ++i) {
      if (round < 3) {
        static_cast<void>(service().create(the_site(), {.type = BackupType::database}));
      } else {
        static_cast<void>(service().verify(archive_, {.level = VerifyLevel::quick}));
      }
      if (std::filesystem::is_empty(config_.state_dir / "drills")) break;
      ::usleep(200'000);
    }
    expect_nothing_left();
  }
  EXPECT_TRUE(met_folder);
  EXPECT_TRUE(met_database);
}

TEST_F(DrillTest, TwoAtOnce_LeaveEachOtherAlone) {
  Verified first, second;
  std::jthread one([&] { first = drill(); });
  std::jthread two([&] { second = drill(); });
  one.join();
  two.join();
  EXPECT_TRUE(first.ok);
  EXPECT_TRUE(second.ok);
  EXPECT_EQ(first.level, VerifyLevel::drill);
  EXPECT_EQ(second.level, VerifyLevel::drill);
  expect_nothing_left();
}

}  // namespace
}  // namespace wobackup
