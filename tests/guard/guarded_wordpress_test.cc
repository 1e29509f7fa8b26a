// Changes to a real WordPress: whatever breaks it, it is as before afterwards.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "fakes/plain_tools.h"
#include "guard/guarded_wordpress.h"

namespace wobackup {
namespace {

using test::GuardedWordPress;
using test::says;

constexpr const char* kPlugin = "htdocs/wp-content/plugins/shop/shop.php";

TEST_F(GuardedWordPress, UpdateThatWorks_IsKept) {
  const GuardResult result =
      guard("sed -i s/1.0/1.1/g " + std::string(kPlugin) + "; wp \"update_option('blogdescription', 'updated');\"",
            {.reason = "pre-plugin-update"});
  ASSERT_EQ(result.checks.size(), 2U);
  for (const CheckResult& check : result.checks)
    EXPECT_EQ(check.state, CheckState::passed) << check.check << check.what;
  EXPECT_TRUE(says(test::GuardedWordPress::output() + query("SELECT option_value FROM wp_options WHERE option_name = "
                                                            "'blogdescription'"),
                   "updated"));
  EXPECT_EQ(service().info(result.archive)["backup_reason"], "pre-plugin-update");
}

TEST_F(GuardedWordPress, FatalErrorInAPlugin_IsRolledBack) {
  const std::string message = failure("echo '<?php this is no php' > " + std::string(kPlugin) +
                                      "; echo new > htdocs/wp-content/plugins/shop/new.php");
  EXPECT_TRUE(says(message, "http: "));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedWordPress, FatalErrorThatVisitorsDoNotSee_IsFoundByWordPressItself) {
  const std::string message =
      failure("echo '<?php if (PHP_SAPI === \"cli\") no_such_function();' > " + std::string(kPlugin));
  EXPECT_TRUE(says(message, "wp: WordPress does not start: PHP error: Uncaught Error"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedWordPress, LoginThatMayNotMakeADatabase_IsRefusedBeforeTheBackupOrLoadsBack) {
  config_.database.admin = false;
  try {
    static_cast<void>(guard("touch htdocs/touched"));
    FAIL() << "it was done";
  } catch (const Error& error) {
    EXPECT_TRUE(says(error.message(), "may not restore its database beside the live one"));
    EXPECT_TRUE(says(error.hint(), "--live-load"));
  }
  EXPECT_TRUE(service().list("wp.example").empty());
  EXPECT_TRUE(is_as_before());
  config_.guard.live_load = true;
  GuardResult result;
  EXPECT_TRUE(says(failure("wp \"wp_insert_comment(array('comment_content' => 'meanwhile')); update_option('blogname', "
                           "'x');\"; echo x > htdocs/index.php; exit 1",
                           {}, &result),
                   "exit status 1; rolled back"));
  EXPECT_TRUE(is_as_before());
  EXPECT_EQ(result.kept_rows.total(), 0U);
  EXPECT_TRUE(std::any_of(result.notes.begin(), result.notes.end(), [](const std::string& note) {
    return static_cast<bool>(says(note, "what was in the database before the roll-back is in "));
  }));
}

// The site runs as the change has left it, and does not with the files of before.
TEST_F(GuardedWordPress, RollBackThatDoesNotHelp_SaysHowTheSiteIs) {
  const auto plugin = live().site() / kPlugin;
  const std::string text = test::text_of_file(plugin);
  const auto put = [&](const std::string& more) { std::ofstream(plugin) << text << more; };
  put("if (get_option('boom')) no_such_function();\n");
  try {
    static_cast<void>(service().guard(the_site(), {.type = BackupType::files}, [&](const GuardedChange&) {
      put("");
      sql("INSERT INTO wp_options (option_name, option_value) VALUES ('boom', '1')");
      throw std::runtime_error("no good");
    }));
    ADD_FAILURE() << "it was done";
  } catch (const GuardFailed& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::rollback_failed) << failed.message();
    EXPECT_TRUE(says(failed.hint(), "the site is as the change has left it"));
    EXPECT_TRUE(says(failed.hint(), "wobackup guard --abort wp.example"));
  }
  sql("DELETE FROM wp_options WHERE option_name = 'boom'");
  static_cast<void>(service().abort_guard("wp.example"));
  EXPECT_TRUE(says(test::text_of_file(plugin), "boom"));
  put("");
}

TEST_F(GuardedWordPress, PluginThatIsGone_IsRolledBack) {
  EXPECT_TRUE(says(failure("rm -r htdocs/wp-content/plugins/shop", {.checks = {WordPressCheck{}}}),
                   "the files of this active plugin are missing: shop/shop.php"));
  EXPECT_TRUE(is_as_before());
  EXPECT_TRUE(says(failure("wp \"update_option('active_plugins', array());\"", {.type = BackupType::database}),
                   "no longer active: shop/shop.php"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedWordPress, CommandThatEmptiesATable_IsRolledBack) {
  // Nobody sees it on the front page.
  for (const std::string table : {"users", "term_taxonomy"}) {
    const std::string message =
        failure("wp '$wpdb->query(\"DELETE FROM wp_" + table + "\");'", {.type = BackupType::database});
    EXPECT_TRUE(says(message, "wp: the table wp_" + table + " had rows before, and is empty"));
    EXPECT_TRUE(is_as_before());
  }
  EXPECT_TRUE(
      says(failure("wp '$wpdb->query(\"DROP TABLE wp_options\");'", {.type = BackupType::database}), "rolled back"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedWordPress, DatabaseThatWasNotUpgraded_IsRolledBack) {
  EXPECT_TRUE(says(failure("sed -i 's/^$wp_db_version = .*/$wp_db_version = 99999;/' htdocs/wp-includes/version.php",
                           {.checks = {WordPressCheck{}}}),
                   "expects 99999: it was not upgraded"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedWordPress, CommandThatHangs_IsEndedAndRolledBack) {
  GuardCommand command = shell(
      "rm -r htdocs/wp-content/plugins/shop; wp '$wpdb->query(\"DELETE FROM wp_posts\");'; "
      "(setsid sh -c 'while :; do touch htdocs/alive.php; sleep 0.05; done' &); exec sleep 1000");
  command.timeout = std::chrono::seconds(4);
  try {
    static_cast<void>(service().guard(the_site(), {}, command));
    FAIL() << "it was kept";
  } catch (const GuardFailed& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::rolled_back);
    EXPECT_TRUE(says(failed.message(), "took too long"));
  }
  EXPECT_TRUE(is_as_before());
  ::usleep(200'000);
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedWordPress, FilesThatBecomeUnwritableHalfWay_AreAllAsBefore) {
  const std::string message = failure(
      "set -e; cd htdocs/wp-content/plugins/shop; sed -i s/1.0/2.0/g shop.php; chmod a-w inc; rm -f inc/orders.php; "
      "echo never > inc/new.php");
  EXPECT_TRUE(says(message, "exit status"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedWordPress, BrokenBefore_IsNoReasonToRollBack) {
  const auto plugin = live().site() / kPlugin;
  const std::string good = test::text_of_file(plugin);
  std::ofstream(plugin) << "<?php no_such_function();";
  const GuardResult result = guard("echo x > htdocs/new.php");
  EXPECT_EQ(result.checks.at(0).state, CheckState::broken_before);
  EXPECT_EQ(result.checks.at(1).state, CheckState::broken_before);
  // And a failure brings the broken site back, as it was.
  files_before_ = files();
  static_cast<void>(failure("echo '<?php // mended' > " + std::string(kPlugin) + "; exit 1"));
  EXPECT_EQ(files(), files_before_);
  // Whoever mends it passes.
  EXPECT_EQ(guard("echo '<?php // mended' > " + std::string(kPlugin)).checks.at(1).state, CheckState::passed);
  std::ofstream(plugin) << good;
  std::filesystem::remove(live().htdocs() / "new.php");
}

TEST_F(GuardedWordPress, OrdersAndCommentsOfTheMeantime_AreKept) {
  sql("CREATE TABLE wp_wc_orders (id INT PRIMARY KEY AUTO_INCREMENT, total DECIMAL(20,4), note VARCHAR(40));"
      "INSERT INTO wp_wc_orders VALUES (1, 10.5, 'old'), (2, 20, 'old')");
  rows_before_ = rows();
  GuardResult result;
  const std::string message = failure(
      "wp '$wpdb->query(\"INSERT INTO wp_wc_orders (total, note) VALUES (99.9, \\\"new\\\")\"); "
      "$wpdb->query(\"UPDATE wp_wc_orders SET note = \\\"paid\\\" WHERE id = 2\"); "
      "wp_insert_comment(array(\"comment_post_ID\" => 1, \"comment_content\" => \"a word\")); "
      "$wpdb->query(\"DELETE FROM wp_posts\");'; exit 1",
      {.type = BackupType::database}, &result);
  EXPECT_TRUE(is_as_before());
  ASSERT_EQ(result.kept_rows.tables.size(), 2U) << message << output();
  EXPECT_EQ(result.kept_rows.tables[0].table, "wp_comments");
  EXPECT_EQ(result.kept_rows.tables[0].added, 1U);
  EXPECT_EQ(result.kept_rows.tables[1].table, "wp_wc_orders");
  EXPECT_EQ(result.kept_rows.tables[1].added, 1U);
  EXPECT_EQ(result.kept_rows.tables[1].changed, 1U);
  EXPECT_TRUE(says(message, "3 rows that have come since the backup are in " + result.kept_rows.file.string() +
                                ": wp_comments 1 added, wp_wc_orders 1 added 1 changed"));
  struct stat status {};
  ASSERT_EQ(::stat(result.kept_rows.file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  live().server().load("wp", result.kept_rows.file);
  EXPECT_EQ(query("SELECT id, total, note FROM wp_wc_orders ORDER BY id"),
            "1\t10.5000\told\n2\t20.0000\tpaid\n3\t99.9000\tnew\n");
  EXPECT_EQ(query("SELECT COUNT(*) FROM wp_comments WHERE comment_content = 'a word'"), "1\n");
  sql("DROP TABLE wp_wc_orders; DELETE FROM wp_comments WHERE comment_content = 'a word'");
}

TEST_F(GuardedWordPress, LoginWithoutTheRightToRestore_StopsBeforeTheChange) {
  config_.database.admin = false;
  try {
    static_cast<void>(guard("touch htdocs/touched.php"));
    FAIL() << "it was begun";
  } catch (const GuardFailed& failed) {
    FAIL() << "it was begun: " << failed.message();
  } catch (const Error& error) {
    EXPECT_TRUE(says(error.message(), "may not restore its database"));
  }
  EXPECT_FALSE(std::filesystem::exists(live().htdocs() / "touched.php"));
  EXPECT_FALSE(service().pending_guard("wp.example"));
}

// kill -9 at any moment of a guard that rolls files and database back: one abort brings order.
TEST_F(GuardedWordPress, KilledAtAnyMoment_AbortBringsOrder) {
  std::mt19937 random(17);
  int aborted = 0;
  for (int round = 0; round < 4; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        static_cast<void>(
            guard("rm -r htdocs/wp-content/plugins/shop; wp '$wpdb->query(\"DELETE FROM wp_posts\");'; "
                  "sleep 0.2; exit 1",
                  {.no_checks = true}));
      } catch (...) {
      }
      ::_exit(0);
    }
    // However slow the machine is, the last one is killed in its change.
    if (round < 3) {
      ::usleep(static_cast<useconds_t>(200'000 + random() % 3'000'000));
    } else {
      siginfo_t ended{};
      while (!service().pending_guard("wp.example") &&
             ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
        ::usleep(1'000);
      }
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (int attempt = 0; attempt < 500; ++attempt) {
      const auto pending = service().pending_guard("wp.example");
      if (!pending || !pending->running) break;
      ::usleep(10'000);
    }
    if (service().pending_guard("wp.example")) {
      ++aborted;
      EXPECT_TRUE(service().abort_guard("wp.example").rolled_back);
    }
    ASSERT_TRUE(is_as_before()) << "round " << round;
    // Else the next one would archive it first.
    const auto restore = service().pending_restore("wp.example");
    if (restore && !restore->interrupted) static_cast<void>(service().finish_restore(the_site(), true));
  }
  EXPECT_GT(aborted, 0);
}

}  // namespace
}  // namespace wobackup
