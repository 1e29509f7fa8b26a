// Where no database can be made beside the live one, the dump is loaded straight into it, and back.
#include <random>

#include "recovery/killed_restore.h"

namespace wobackup {
namespace {

class LiveLoadTest : public test::KilledRestoreTest {
 protected:
  void SetUp() override {
    KilledRestoreTest::SetUp();
    // The site's own login has rights on its database alone.
    config_.database.admin = false;
    log_ = [this](LogLevel level, std::string_view text) {
      if (level == LogLevel::warning) warnings_ += std::string(text) + "\n";
    };
  }
  Error refused(const InPlaceOptions& options) const {
    try {
      static_cast<void>(restore(options));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "it was restored";
    return {ErrorKind::failed, ""};
  }
  void expect_untouched() const {
    EXPECT_EQ(files(), files_now_);
    EXPECT_EQ(differences_from(database_now_), "");
    EXPECT_FALSE(service().pending_restore("wp.example"));
  }
  std::vector<std::string> reasons() const {
    std::vector<std::string> all;
    for (const SnapshotRef& ref : service().list("wp.example")) all.push_back(ref.reason.value_or(""));
    return all;
  }
  std::string warnings_;
};

TEST_F(LiveLoadTest, ThereAndBack) {
  const RestoredInPlace restored = restore({.live_load = true});
  EXPECT_EQ(files(), files_then_);
  EXPECT_EQ(differences_from(database_then_), "");
  EXPECT_TRUE(restored.wordpress);
  EXPECT_GT(restored.rows, 50U);
  EXPECT_NE(warnings_.find("not exchanged in a moment"), std::string::npos);
  ASSERT_TRUE(restored.safety_archive);
  EXPECT_EQ(service().info(*restored.safety_archive)["backup_reason"], "pre-restore");
  sql("INSERT INTO words VALUES (99, 'an order')");
  service().undo_restore("wp.example");
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
  // Visitors' words since are in a backup, too.
  static_cast<void>(service().finish_restore(the_site()));
  EXPECT_EQ(reasons(), (std::vector<std::string>{"pre-undo", "pre-undo", "pre-restore", "manual"}));
  std::string dumped;
  service().dump(service().list("wp.example").at(1).archive, {.path = "", .table = "words", .database = false},
                 [&](auto bytes) { dumped += text_of(bytes); });
  EXPECT_NE(dumped.find("an order"), std::string::npos);
  EXPECT_EQ(leftovers(), "");
  expect_untouched();
}

TEST_F(LiveLoadTest, WithoutBeingAskedFor_IsRefusedWithTheWay) {
  EXPECT_NE(refused({}).hint().find("--live-load"), std::string::npos);
  expect_untouched();
}

TEST_F(LiveLoadTest, LoginThatMayMakeADatabase_ExchangesAllTheSame) {
  config_.database.admin = true;
  EXPECT_FALSE(restore({.live_load = true}).safety_archive);
  EXPECT_EQ(warnings_, "");
  undo();
  expect_untouched();
}

TEST_F(LiveLoadTest, DatabaseAlone_LeavesTheFiles) {
  static_cast<void>(restore({.files = false, .live_load = true}));
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_then_), "");
  undo();
  expect_untouched();
}

TEST_F(LiveLoadTest, OneTable_LeavesTheRest) {
  EXPECT_EQ(restore({.tables = {"words"}, .live_load = true}).tables, 1U);
  EXPECT_EQ(files(), files_now_);
  const std::string now = database();
  EXPECT_NE(now.find("a needle in the hay"), std::string::npos);
  EXPECT_NE(now.find("'since'"), std::string::npos);
  undo();
  expect_untouched();
  // One that is gone by now comes, and goes again; its trigger, too, and the keys that lead to it.
  sql("SET foreign_key_checks = 0; DROP TABLE parent, child");
  database_now_ = database();
  static_cast<void>(restore({.tables = {"child", "parent"}, .live_load = true}));
  EXPECT_NE(database().find("TRIGGER counted"), std::string::npos);
  undo();
  expect_untouched();
}

TEST_F(LiveLoadTest, SiteThatDoesNotRun_IsTakenBack) {
  std::ofstream(live().htdocs() / "wp-content/mu-plugins/broken.php") << "<?php no_such_function();";
  archive_ = service().create(the_site(), {}).archive;
  std::filesystem::remove(live().htdocs() / "wp-content/mu-plugins/broken.php");
  files_now_ = files();
  sql("DELETE FROM wp_comments");
  database_now_ = database();
  EXPECT_EQ(refused({.live_load = true}).kind(), ErrorKind::rolled_back);
  expect_untouched();
}

// The rows were there before the rule.
TEST_F(LiveLoadTest, DumpThatTheServerRefusesInTheMiddle_IsTakenBack) {
  sql("INSERT INTO words VALUES (1, 'x'); SET check_constraint_checks = 0; "
      "ALTER TABLE words ADD CONSTRAINT high CHECK (id > 100)");
  archive_ = service().create(the_site(), {}).archive;
  sql("ALTER TABLE words DROP CONSTRAINT high");
  database_now_ = database();
  const Error error = refused({.live_load = true});
  EXPECT_EQ(error.kind(), ErrorKind::rolled_back);
  EXPECT_NE(error.message().find("high"), std::string::npos) << error.message();
  expect_untouched();
}

TEST_F(LiveLoadTest, WayBackThatFailsToo_SaysWhatToDo_AndCanBeRepeated) {
  kill_when("\"begun\": true", std::chrono::milliseconds(0),
            [this] { static_cast<void>(restore({.live_load = true, .check = false})); });
  live().server().run("", "REVOKE CREATE ON wp.* FROM wp@localhost");
  try {
    service().abort_restore("wp.example");
    ADD_FAILURE() << "it was taken back";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rollback_failed);
    EXPECT_NE(error.hint().find("wobackup dump '" + (config_.backup_root->string())), std::string::npos)
        << error.hint();
  }
  live().server().run("", "GRANT CREATE ON wp.* TO wp@localhost");
  service().abort_restore("wp.example");
  expect_untouched();
}

// Its folder may belong to the site.
TEST_F(LiveLoadTest, SafetyThatWasExchanged_IsNotLoaded) {
  const std::filesystem::path safety = *restore({.live_load = true}).safety_archive;
  std::filesystem::copy_file(archive_, safety, std::filesystem::copy_options::overwrite_existing);
  try {
    service().undo_restore("wp.example");
    ADD_FAILURE() << "it was loaded";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("is not the archive any more"), std::string::npos) << error.message();
  }
  EXPECT_EQ(differences_from(database_then_), "");
  std::filesystem::remove(config_.state_dir / "restores/wp.example.json");
}

TEST_F(LiveLoadTest, TablesInUse_AreWaitedForBeforeAnythingIsLost) {
  const Cancellation never;
  DatabaseConnection visitor(live().server().root(), "wp", never);
  visitor.execute("START TRANSACTION");
  visitor.execute("UPDATE words SET body = 'y'");
  visitor.execute("INSERT INTO words VALUES (500, 'kept')");
  std::jthread ends([&visitor] {
    std::this_thread::sleep_for(std::chrono::seconds(4));
    visitor.execute("ROLLBACK");
  });
  static_cast<void>(restore({.files = false, .live_load = true}));
  EXPECT_EQ(differences_from(database_then_), "");
  undo();
  expect_untouched();
}

TEST_F(LiveLoadTest, KilledAtAnyMoment_IsBeforeOrAfterWithOneCommand) {
  const test::Traffic traffic(live().server().root());
  std::mt19937 random(9);
  std::uniform_int_distribution<int> late(0, 2'500'000);
  for (int round = 0; round < 8; ++round) {
    kill_in("swapping", std::chrono::microseconds(late(random)),
            [this] { static_cast<void>(restore({.live_load = true, .check = false})); });
    mend(round % 2 == 0);
    expect_one_of_both();
    expect_as_it_was();
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
  EXPECT_GT(aborted_, 0);
  EXPECT_GT(resumed_, 0);
}

TEST_F(LiveLoadTest, KilledInTheMiddleOfAnUndo_IsUndoneWithOneCommand) {
  const test::Traffic traffic(live().server().root());
  std::mt19937 random(10);
  std::uniform_int_distribution<int> late(0, 1'500'000);
  for (int round = 0; round < 4; ++round) {
    static_cast<void>(restore({.live_load = true, .check = false}));
    kill_in("undoing", std::chrono::microseconds(late(random)), [this] { service().undo_restore("wp.example"); });
    mend(round % 2 == 0);
    expect_as_it_was();
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

}  // namespace
}  // namespace wobackup
