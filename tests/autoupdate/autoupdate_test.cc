// Updates of a real WordPress: those that work, and those that must be taken back.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ctime>

#include "autoupdate/updatable_wordpress.h"
#include "fakes/plain_tools.h"
#include "fakes/private_s3.h"

namespace wobackup {
namespace {

using test::AutoupdateTest;

std::string error_of(const SiteAutoupdate& done) {
  return done.error ? std::string(name_of(done.error->kind())) + ": " + done.error->message() : "";
}

bool has_text(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(AutoupdateTest, NothingPending_MakesNoBackup) {
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::up_to_date);
  EXPECT_EQ(error_of(done), "");
  EXPECT_TRUE(backups().empty());
  expect_untouched();
}

TEST_F(AutoupdateTest, EverythingPending_IsUpdatedBehindAVerifiedBackup) {
  offer_core("6.1.99");
  offer_plugin("shop", "1.1", "", "global $wpdb; $wpdb->query('INSERT INTO wp_shop_orders VALUES (4, 4)');");
  offer_plugin("mail", "2.0");
  offer_theme("1.2");
  const std::string core = version_of("core");
  const AutoupdateRun all = run();
  const SiteAutoupdate& done = all.sites.at(0);
  ASSERT_EQ(error_of(done), "");
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_EQ(done.state, AutoupdateState::updated);
  EXPECT_EQ(version_of("core"), "6.1.99");
  EXPECT_EQ(version_of("shop"), "1.1");
  EXPECT_EQ(version_of("mail"), "2.0");
  EXPECT_EQ(version_of("plain"), "1.2");
  EXPECT_EQ(sql("SELECT option_value FROM wp_options WHERE option_name = 'db_version'"), "59999\n");
  EXPECT_EQ(sql("SELECT COUNT(*) FROM wp_shop_orders"), "4\n");
  EXPECT_FALSE(std::filesystem::exists(live().htdocs() / ".maintenance"));

  ASSERT_EQ(backups().size(), 1U);
  EXPECT_EQ(backups()[0].archive, done.archive);
  EXPECT_EQ(word_for(backups()[0].verified), "verified");
  const Json info = service().info(done.archive);
  EXPECT_EQ(info["backup_reason"], "pre-autoupdate");
  EXPECT_EQ(info["backup_type"], "pre-autoupdate");
  EXPECT_EQ(info["backup_scope"].dump(), R"({"files":true,"database":true})");
  EXPECT_TRUE(info["autoupdate_timestamp"].get<std::string>().ends_with("+00:00"));
  EXPECT_EQ(info["pending_updates"].dump(),
            R"({"core":{"name":"WordPress","from":")" + core +
                R"(","to":"6.1.99"},"plugins":[{"name":"mail","from":"1.0","to":"2.0"},)"
                R"({"name":"shop","from":"1.0","to":"1.1"}],"themes":[{"name":"plain","from":"1.0","to":"1.2"}]})");

  ASSERT_TRUE(all.report) << all.report_problem.value_or("");
  struct stat status {};
  ASSERT_EQ(::stat(all.report->c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(config_.log_dir.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  const Json report = Json::parse(test::text_of_file(*all.report));
  EXPECT_EQ(report["sites"][0]["state"], "updated");
  EXPECT_EQ(report["summary"]["sites_updated"], 1);
  EXPECT_TRUE(
      has_text(test::text_of_file(std::filesystem::path(*all.report).replace_extension(".txt")), "shop 1.0 to 1.1"));
  EXPECT_EQ(update().state, AutoupdateState::up_to_date);
}

TEST_F(AutoupdateTest, DryRun_TellsAndChangesNothing) {
  offer_plugin("shop", "1.1");
  const AutoupdateRun all = run({.dry_run = true});
  EXPECT_EQ(all.sites.at(0).state, AutoupdateState::planned);
  ASSERT_EQ(all.sites.at(0).pending.plugins.size(), 1U);
  EXPECT_EQ(all.sites.at(0).pending.plugins[0].to, "1.1");
  EXPECT_TRUE(backups().empty());
  EXPECT_FALSE(std::filesystem::exists(config_.log_dir));
  expect_untouched();
}

TEST_F(AutoupdateTest, BackupOnly_BacksUpAndUpdatesNothing) {
  EXPECT_EQ(update({.backup_only = true}).state, AutoupdateState::backed_up);
  EXPECT_EQ(backups().size(), 1U);
  offer_plugin("shop", "1.1");
  const SiteAutoupdate done = update({.backup_only = true});
  EXPECT_EQ(done.state, AutoupdateState::backed_up);
  EXPECT_EQ(backups().size(), 2U);
  EXPECT_EQ(service().info(done.archive)["pending_updates"]["plugins"][0]["to"], "1.1");
  expect_untouched();
}

TEST_F(AutoupdateTest, NoticesAroundTheAnswers_DoNotMatter) {
  offer_plugin("shop", "1.1");
  bad_day("notices");
  EXPECT_EQ(update().state, AutoupdateState::updated);
  EXPECT_EQ(version_of("shop"), "1.1");
}

TEST_F(AutoupdateTest, UpdateThatNeedsANewerPhp_IsHeldBackAndTheOthersAreMade) {
  offer_plugin("shop", "2.0", "this_php_has_no_such_thing();", "", "99.0");
  offer_plugin("mail", "2.0");
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::updated);
  EXPECT_EQ(version_of("mail"), "2.0");
  EXPECT_EQ(version_of("shop"), "1.0");
  ASSERT_EQ(done.pending.held_back.size(), 1U);
  EXPECT_EQ(done.pending.held_back[0].update.name, "shop");
  EXPECT_EQ(done.pending.held_back[0].why, "it needs PHP 99.0");
}

TEST_F(AutoupdateTest, FatalErrorInAPlugin_IsRolledBack) {
  offer_plugin("shop", "1.1", "shop_that_is_not_there();");
  offer_plugin("mail", "2.0");
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::rolled_back);
  EXPECT_EQ(done.exit_code(), 22);
  EXPECT_TRUE(has_text(error_of(done), "shop_that_is_not_there")) << error_of(done);
  expect_untouched();
}

TEST_F(AutoupdateTest, FatalErrorOfVisitorsOnly_IsSeenByTheWebServer) {
  offer_theme("1.2", "<?php theme_that_is_not_there(); ?>");
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::rolled_back);
  EXPECT_EQ(done.exit_code(), 22);
  expect_untouched();
}

TEST_F(AutoupdateTest, EmptiedTable_IsRolledBack) {
  for (const char* table : {"wp_shop_orders", "wp_comments", "wp_usermeta"}) {
    offer_plugin("shop", "1.1", "", std::string("global $wpdb; $wpdb->query('DELETE FROM ") + table + "');");
    const SiteAutoupdate done = update();
    EXPECT_EQ(done.state, AutoupdateState::rolled_back);
    EXPECT_EQ(done.exit_code(), 22);
    EXPECT_TRUE(has_text(error_of(done), std::string("the table ") + table + " has lost its")) << error_of(done);
    expect_untouched();
  }
}

TEST_F(AutoupdateTest, Hanging_IsEndedAndRolledBack) {
  offer_plugin("shop", "1.1");
  bad_day("hang");
  config_.autoupdate.timeout = std::chrono::seconds(20);
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::rolled_back);
  EXPECT_EQ(done.exit_code(), 22);
  EXPECT_TRUE(has_text(error_of(done), "did not end within 20 seconds")) << error_of(done);
  expect_untouched();
}

TEST_F(AutoupdateTest, HangingBeforeAnything_ChangesNothing) {
  bad_day("hang-first");
  config_.autoupdate.timeout = std::chrono::seconds(1);
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::failed);
  EXPECT_EQ(done.exit_code(), 1);
  EXPECT_TRUE(backups().empty());
  expect_untouched();
}

TEST_F(AutoupdateTest, FilesThatBecomeUnwritable_AreRolledBackWithTheirModes) {
  offer_plugin("shop", "1.1");
  bad_day("unwritable");
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::rolled_back);
  EXPECT_EQ(done.exit_code(), 22);
  EXPECT_TRUE(has_text(error_of(done), "wp plugin update shop")) << error_of(done);
  expect_untouched();
}

TEST_F(AutoupdateTest, PackageThatIsNoArchive_IsRolledBack) {
  offer_plugin("shop", "1.1");
  std::ofstream(folder_ / "shop-1.1.zip") << "not a zip";
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::rolled_back);
  expect_untouched();
}

TEST_F(AutoupdateTest, MissingWpCli_EndsTheRunBeforeItBegins) {
  config_.autoupdate.wp = "/nonexistent/wp";
  try {
    static_cast<void>(run());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "WP-CLI is not there: /nonexistent/wp");
    EXPECT_TRUE(has_text(error.hint(), "autoupdate.wp"));
  }
  expect_untouched();
}

TEST_F(AutoupdateTest, FullDisk_UpdatesNothing) {
  offer_plugin("shop", "1.1");
  config_.min_free_bytes = std::uint64_t{1} << 60U;
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.state, AutoupdateState::failed);
  EXPECT_EQ(done.exit_code(), 23);
  EXPECT_TRUE(backups().empty());
  expect_untouched();
}

TEST_F(AutoupdateTest, OneByOne_TakesOnlyTheBrokenOneBack) {
  offer_plugin("shop", "1.1", "shop_that_is_not_there();");
  offer_plugin("mail", "2.0");
  offer_theme("1.2");
  const SiteAutoupdate done = update({.one_by_one = true});
  EXPECT_EQ(done.state, AutoupdateState::partly_updated);
  EXPECT_EQ(done.exit_code(), 22);
  ASSERT_EQ(done.steps.size(), 3U);
  EXPECT_EQ(version_of("mail"), "2.0");
  EXPECT_EQ(version_of("shop"), "1.0");
  EXPECT_EQ(version_of("plain"), "1.2");
  EXPECT_EQ(sql("SELECT COUNT(*) FROM wp_shop_orders"), "3\n");
  EXPECT_TRUE(has_text(front_page(), "200 "));
  // Of what stays, the first backup is enough; that of what was taken back is kept.
  std::vector<std::string> reasons;
  for (const SnapshotRef& ref : backups()) reasons.push_back(ref.reason.value_or(""));
  std::sort(reasons.begin(), reasons.end());
  EXPECT_EQ(reasons, (std::vector<std::string>{"pre-autoupdate", "pre-single-update"}));
  EXPECT_EQ(service().info(done.archive)["pending_updates"]["plugins"].size(), 2U);
}

// The backups in between are not sent anywhere if there is room for them here.
TEST_F(AutoupdateTest, WithStores_TheFirstBackupGoesThereAndTheStoresKeepHolds) {
  std::filesystem::create_directory(folder_ / "disk");
  config_.store["disk"].url = (folder_ / "disk").string();
  config_.store["disk"].keep = 1;
  config_.store["full"].url = folder_.write("full", "no folder").string();
  config_.stores = {"disk", "full"};
  for (int night = 1; night <= 2; ++night) {
    offer_plugin("shop", "1." + std::to_string(night));
    offer_plugin("mail", "2." + std::to_string(night));
    const SiteAutoupdate done = update({.one_by_one = true});
    EXPECT_EQ(done.state, AutoupdateState::updated) << error_of(done);
    EXPECT_EQ(done.archive, backups().at(0).archive);
    EXPECT_EQ(done.verified, std::vector<std::filesystem::path>{done.archive});
    EXPECT_TRUE(has_text(done.steps.at(0).notes.at(0), "full does not have the backup: "));
    EXPECT_TRUE(done.steps.at(1).archive.empty());
  }
  EXPECT_EQ(backups().size(), 2U);
  const std::vector<SnapshotRef> stored = service().list_in("disk", "wp.example");
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].reason, "pre-autoupdate");
}

TEST_F(AutoupdateTest, WithAStoreAlone_BrokenUpdatesComeBackFromThere) {
  const test::StrictS3 s3;
  const S3Keys keys = s3.settings().keys();
  ::setenv("AWS_ACCESS_KEY_ID", keys.access_key_id.c_str(), 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key.c_str(), 1);
  config_.store["bucket"].url = "s3://test-bucket/web";
  config_.store["bucket"].endpoint = s3.settings().endpoint;
  config_.guard.stores = {"bucket"};
  offer_plugin("shop", "1.1", "shop_that_is_not_there();");
  offer_plugin("mail", "2.0");
  const SiteAutoupdate done = update({.one_by_one = true});
  EXPECT_EQ(done.state, AutoupdateState::partly_updated) << error_of(done);
  EXPECT_EQ(version_of("mail"), "2.0");
  EXPECT_EQ(version_of("shop"), "1.0");
  EXPECT_TRUE(has_text(front_page(), "200 "));
  EXPECT_TRUE(has_text(done.archive.string(), "s3://test-bucket/web/wp.example/"));
  EXPECT_TRUE(done.notes.empty()) << done.notes[0];
  // Of what stays, the first backup is enough.
  EXPECT_EQ(service().list_in("bucket", "wp.example").size(), done.steps.at(1).rolled_back ? 2U : 1U);
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
}

TEST_F(AutoupdateTest, MinorOnlyAndExclude_HoldBack) {
  offer_core("6.9");
  offer_plugin("shop", "1.1");
  offer_plugin("mail", "2.0");
  config_.site["wp.example"].autoupdate.exclude = {"shop/shop.php"};
  const SiteAutoupdate done = update({.minor_only = true});
  EXPECT_EQ(done.state, AutoupdateState::up_to_date);
  EXPECT_EQ(done.pending.held_back.size(), 3U);
  EXPECT_TRUE(backups().empty());
  expect_untouched();
}

TEST_F(AutoupdateTest, Keep_RemovesOlderOnesOfTheSameReasonOnly) {
  config_.autoupdate.keep = 2;
  const Site site = service().site("wp.example");
  const auto manual = service().create(site, {.reason = "manual"}).archive;
  const auto neighbour = *config_.backup_root / "wp.example.com" / "2020-01-01_00-00-00.tar.zst";
  std::filesystem::create_directories(neighbour.parent_path());
  std::filesystem::copy_file(manual, neighbour);
  std::vector<std::filesystem::path> made;
  for (int i = 0; i < 4; ++i) made.push_back(update({.backup_only = true}).archive);
  std::vector<std::filesystem::path> left;
  for (const SnapshotRef& ref : backups()) left.push_back(ref.archive);
  EXPECT_EQ(left, (std::vector<std::filesystem::path>{made[3], made[2], manual}));
  EXPECT_TRUE(std::filesystem::exists(neighbour));
}

TEST_F(AutoupdateTest, Keep_DamagedNewestRemovesNothing) {
  config_.autoupdate.keep = 1;
  const auto first = update({.backup_only = true}).archive;
  const auto second = update({.backup_only = true}).archive;
  EXPECT_FALSE(std::filesystem::exists(first));
  // The disk has lost bytes of the newer one: it counts for nothing.
  std::fstream(second, std::ios::in | std::ios::out | std::ios::binary).seekp(5000) << "damage";
  const VerifyOptions options;
  EXPECT_FALSE(service().verify(second, options).ok);
  const auto third = update({.backup_only = true}).archive;
  EXPECT_FALSE(std::filesystem::exists(second));
  EXPECT_TRUE(std::filesystem::exists(third));
}

TEST_F(AutoupdateTest, RunningElsewhere_IsLocked) {
  offer_plugin("shop", "1.1");
  EXPECT_EQ(update({.dry_run = true}).state, AutoupdateState::planned);
  const UniqueFd lock(::open((config_.state_dir / "autoupdate/wp.example.lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.exit_code(), 11);
  expect_untouched();
}

TEST_F(AutoupdateTest, SomebodyElsesUpdate_IsNotDisturbed) {
  offer_plugin("shop", "1.1");
  const auto file = live().htdocs() / ".maintenance";
  std::ofstream(file) << "<?php $upgrading = " << std::time(nullptr) << ";";
  const SiteAutoupdate done = update();
  EXPECT_EQ(done.exit_code(), 11);
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(version_of("shop"), "1.0");
}

TEST_F(AutoupdateTest, AllSites_OneFailureDoesNotStopTheOthers) {
  offer_plugin("mail", "2.0");
  const auto other = folder_ / "www/broken.example";
  folder_.write("www/broken.example/htdocs/wp-load.php", "<?php exit(1);");
  folder_.write("www/plain.example/htdocs/index.html", "");
  test::run_in("/", {"chown", "-R", "33:33", (folder_ / "www").string()});
  for (const char* name : {"broken.example", "plain.example", "left.example"}) {
    config_.site[name].path = folder_ / "www" / (std::string(name) == "left.example" ? "broken.example" : name);
  }
  config_.site["left.example"].autoupdate.enabled = false;
  AutoupdateOptions options;
  options.all = true;
  Service wobackup = service();
  const AutoupdateRun all = autoupdate(wobackup, options);
  ASSERT_EQ(all.sites.size(), 2U);
  EXPECT_EQ(all.sites[0].site, "broken.example");
  EXPECT_EQ(all.sites[0].state, AutoupdateState::failed);
  EXPECT_EQ(all.sites[1].state, AutoupdateState::updated);
  EXPECT_EQ(all.skipped, 2U);
  EXPECT_EQ(all.exit_code, 1);
  EXPECT_EQ(version_of("mail"), "2.0");
}

TEST_F(AutoupdateTest, UnknownAndOtherSites_AreErrorsOfTheirOwn) {
  const AutoupdateRun all = run({.sites = {"nobody.example", "wp.example"}});
  ASSERT_EQ(all.sites.size(), 2U);
  EXPECT_EQ(all.sites[0].exit_code(), 10);
  EXPECT_EQ(all.sites[1].state, AutoupdateState::up_to_date);
  EXPECT_EQ(all.exit_code, 10);
}

TEST_F(AutoupdateTest, Interrupted_IsTakenBackAndEndsTheRun) {
  offer_plugin("shop", "1.1");
  bad_day("hang");
  const auto hanging = live().htdocs() / "wp-content/hanging";
  AutoupdateOptions options;
  options.sites = {"wp.example", "wp.example.net"};
  std::atomic<bool> seen = false;
  options.cancelled = [&] {
    if (std::filesystem::exists(hanging)) seen = true;
    return seen.load();
  };
  const AutoupdateRun all = run(options);
  EXPECT_EQ(all.sites.size(), 1U);
  EXPECT_EQ(all.exit_code, 130);
  EXPECT_EQ(all.sites[0].state, AutoupdateState::rolled_back);
  expect_untouched();
}

TEST_F(AutoupdateTest, Reports_AreRotated) {
  config_.autoupdate.reports = 2;
  folder_.write("log/autoupdate-2020-01-01_00-00-00.json", "{}");
  folder_.write("log/autoupdate-2020-01-01_00-00-00.txt", "");
  folder_.write("log/autoupdate-mine.json", "{}");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run().report);
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(config_.log_dir)) names.push_back(item.path().filename());
  EXPECT_EQ(names.size(), 5U);
  EXPECT_TRUE(std::filesystem::exists(config_.log_dir / "autoupdate-mine.json"));
  EXPECT_FALSE(std::filesystem::exists(config_.log_dir / "autoupdate-2020-01-01_00-00-00.json"));
}

}  // namespace
}  // namespace wobackup
