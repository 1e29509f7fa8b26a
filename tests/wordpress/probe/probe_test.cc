// What a real WordPress says of itself, and how a broken or hostile one fails.
#include "wordpress/wordpress_probe.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "wordpress/probe/installed_wordpress.h"

namespace wobackup {
namespace {

const Cancellation kNever;

class WordPressProbe : public test::WordPressSiteTest {
 protected:
  static std::string failure(const WordPressRun& run) {
    return test::refusal([&] { (void)probe_wordpress(run, kNever); }, ErrorKind::verification);
  }
  static std::string failure() { return failure(run()); }
  static bool has_notice(const WordPressFacts& facts, std::string_view part) {
    return std::any_of(facts.notices.begin(), facts.notices.end(),
                       [&](const std::string& notice) { return notice.find(part) != std::string::npos; });
  }
};

TEST_F(WordPressProbe, HealthySite_TellsItsFacts) {
  const WordPressFacts facts = probe_wordpress(run(), kNever);
  EXPECT_EQ(facts.version.substr(0, 2), "6.");
  EXPECT_EQ(facts.db_version, facts.db_version_expected);
  EXPECT_GT(std::stoi(facts.db_version), 40000);
  EXPECT_EQ(facts.siteurl, "http://wp.example");
  EXPECT_EQ(facts.home, "http://wp.example");
  EXPECT_EQ(facts.title, "Kaffee \u2615 &amp; B\u00f6se &#039;Worte&#039;");
  ASSERT_TRUE(facts.latest_post);
  EXPECT_EQ(facts.latest_post->title, "Beitrag 50 \U0001F600");
  EXPECT_EQ(facts.latest_post->date.size(), 19U);
  EXPECT_TRUE(facts.active_plugins.empty());
  EXPECT_FALSE(facts.multisite);
  EXPECT_FALSE(facts.php_version.empty());
  EXPECT_FALSE(has_notice(facts, "printed"));
}

TEST_F(WordPressProbe, OtherDatabase_IsUsedInPlaceOfTheConfigs) {
  site_->write_config(
      "const DB_NAME = 'wp';\nconst DB_USER = 'wp';\nconst DB_PASSWORD = 'wrong';\n"
      "const DB_HOST = 'nowhere.invalid';\n");
  WordPressRun request = run();
  EXPECT_NE(failure(request).find("Error establishing a database connection"), std::string::npos);
  request.start.database = site_->login("copy");
  EXPECT_EQ(failure(request),
            "WordPress does not start: it finds no installation in the database");  // "copy" is empty
  request.start.database = site_->login("wp");
  EXPECT_EQ(probe_wordpress(request, kNever).latest_post->title, "Beitrag 50 \U0001F600");
}

TEST_F(WordPressProbe, DropInThatConnectsElsewhere_IsFound) {
  site_->server().run("",
                      "DROP DATABASE copy; CREATE DATABASE copy; CREATE TABLE copy.wp_options LIKE wp.wp_options;"
                      "INSERT INTO copy.wp_options SELECT * FROM wp.wp_options;"
                      "GRANT SELECT ON copy.* TO wp@localhost;");
  plant("wp-content/db.php", "<?php $wpdb = new wpdb('wp', \"se'cret \\\\ 1\", 'copy', DB_HOST);");
  WordPressRun request = run();
  request.start.database = site_->login("wp");
  EXPECT_EQ(failure(request), "WordPress uses the database copy instead of wp");
}

TEST_F(WordPressProbe, WrongPassword_IsNamedAndNotShown) {
  WordPressRun request = run();
  request.start.database = site_->login("wp");
  request.start.database->password = "not it 4711";
  const std::string message = failure(request);
  EXPECT_NE(message.find("Access denied for user 'wp'@'localhost'"), std::string::npos) << message;
  EXPECT_EQ(message.find("4711"), std::string::npos) << message;
}

TEST_F(WordPressProbe, FatalError_NamesFileAndLine) {
  plant_plugin("\n\nno_such_function(1);");
  const std::string message = failure();
  EXPECT_NE(message.find("Call to undefined function no_such_function()"), std::string::npos) << message;
  EXPECT_NE(message.find("mu-plugins/planted.php, line 4)"), std::string::npos) << message;
}

TEST_F(WordPressProbe, UncaughtException_ShowsNoArguments) {
  plant_plugin("function connect($password) { throw new Exception('no'); }\nconnect('hunter2');");
  const std::string message = failure();
  EXPECT_NE(message.find("Uncaught Exception: no"), std::string::npos) << message;
  EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
}

TEST_F(WordPressProbe, SyntaxError_NamesFileAndLine) {
  plant_plugin("this is not php");
  EXPECT_NE(failure().find("planted.php, line 2)"), std::string::npos);
}

TEST_F(WordPressProbe, Exit_NamesTheLastFile) {
  plant_plugin("exit;");
  const std::string message = failure();
  EXPECT_NE(message.find("ended the run by itself"), std::string::npos) << message;
  EXPECT_NE(message.find("mu-plugins/planted.php"), std::string::npos) << message;
}

TEST_F(WordPressProbe, RedirectAndExit_NamesWhereTo) {
  plant_plugin("add_action('init', function () { wp_redirect('https://evil.example/\x1b[2J'); exit; });");
  const std::string message = failure();
  EXPECT_NE(message.find("redirects to https://evil.example/\\x1b[2J and ends"), std::string::npos) << message;
}

TEST_F(WordPressProbe, WpDie_IsQuotedPrintable) {
  plant_plugin("add_action('init', function () { wp_die('<h1>licence \x1b[31mexpired</h1>'); });");
  const std::string message = failure();
  EXPECT_NE(message.find("it says \"licence \\x1b[31mexpired\""), std::string::npos) << message;
  EXPECT_NE(message.find("planted.php"), std::string::npos) << message;
}

TEST_F(WordPressProbe, BusyLoop_NamesFileAndLine) {
  plant_plugin("\nwhile (true) {}");
  WordPressRun request = run();
  request.limits.cpu_time = std::chrono::seconds(2);
  const std::string message = failure(request);
  EXPECT_NE(message.find("Maximum execution time"), std::string::npos) << message;
  EXPECT_NE(message.find("planted.php, line 3"), std::string::npos) << message;
}

TEST_F(WordPressProbe, LoopThatLiftsPhpsLimit_IsEndedAllTheSame) {
  plant_plugin("set_time_limit(0); while (true) sleep(1);");
  WordPressRun request = run();
  request.limits.time = std::chrono::seconds(5);
  EXPECT_NE(failure(request).find("did not end within 5 seconds"), std::string::npos);
}

TEST_F(WordPressProbe, EndlessOutput_IsEnded) {
  plant_plugin("for ($i = 0; $i < 1600; $i++) echo str_repeat('x', 65536);");
  EXPECT_NE(failure().find("prints more than 4.0 MiB"), std::string::npos);
}

TEST_F(WordPressProbe, TooMuchMemory_IsAnError) {
  plant_plugin("ini_set('memory_limit', -1); $all = []; while (true) $all[] = str_repeat('x', 1 << 20);");
  WordPressRun request = run();
  request.limits.memory_bytes = std::uint64_t{64} << 20U;
  EXPECT_NE(failure(request).find("emory"), std::string::npos);
}

TEST_F(WordPressProbe, JunkThatLooksLikeAnAnswer_IsNotTaken) {
  plant_plugin(
      "ob_start(); echo '{\"answer\":{\"version\":\"6.6.6\"}}', \"\\n\\0\\xff\"; ob_end_flush();\n"
      "ob_start(function () { return ''; });");
  const WordPressFacts facts = probe_wordpress(run(), kNever);
  EXPECT_NE(facts.version, "6.6.6");
  EXPECT_TRUE(has_notice(facts, "printed 33 B while")) << testing::PrintToString(facts.notices);
}

TEST_F(WordPressProbe, ClosedStdout_DoesNotHideTheAnswer) {
  plant_plugin("fclose(STDOUT); fclose(STDERR);");
  EXPECT_EQ(probe_wordpress(run(), kNever).siteurl, "http://wp.example");
}

TEST_F(WordPressProbe, KilledFromWithin_IsAnError) {
  plant_plugin("posix_kill(posix_getpid(), 9); pcntl_exec('/bin/echo', ['bye']);");
  EXPECT_NE(failure().find("PHP ended without an answer"), std::string::npos);
}

TEST_F(WordPressProbe, DropInsForCaches_AreNotLoaded) {
  plant("wp-content/object-cache.php", "<?php exit('object cache');");
  plant("wp-content/advanced-cache.php", "<?php exit('page cache');");
  site_->write_config("define( 'WP_CACHE', true );\n" + site_->usual_settings());
  EXPECT_EQ(probe_wordpress(run(), kNever).siteurl, "http://wp.example");
}

// Stands for a file of WordPress' own as an older version has it.
class ChangedFile {
 public:
  ChangedFile(std::filesystem::path file, const std::string& from, const std::string& to)
      : file_(std::move(file)), before_(test::text_of_file(file_)) {
    std::string text = before_;
    const std::size_t at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("not there: " + from);
    std::ofstream(file_) << text.replace(at, from.size(), to);
  }
  ChangedFile(const ChangedFile&) = delete;
  ChangedFile& operator=(const ChangedFile&) = delete;
  ~ChangedFile() { std::ofstream(file_) << before_; }

 private:
  std::filesystem::path file_;
  std::string before_;
};

TEST_F(WordPressProbe, ObjectCacheDropIn_IsNotLoadedByVersionsWithoutAFilterEither) {
  const auto includes = site_->htdocs() / "wp-includes";
  const ChangedFile load(includes / "load.php", "apply_filters( 'enable_loading_object_cache_dropin', true )", "true");
  plant("wp-content/object-cache.php", "<?php exit('object cache');");
  EXPECT_NE(failure().find("object-cache.php"), std::string::npos);  // the filter is really gone
  const ChangedFile version(includes / "version.php", "$wp_version = '", "$wp_version = '5.7.'; //");
  EXPECT_EQ(probe_wordpress(run(), kNever).version, "5.7.");
}

TEST_F(WordPressProbe, Multisite_IsAskedByTheSitesName) {
  test::run_in(site_->site(),
               {"php", "-d", "error_reporting=0", WORDPRESS_SCRIPT, site_->htdocs().string(), "network"});
  site_->write_config(site_->usual_settings() +
                      "define( 'MULTISITE', true );\ndefine( 'SUBDOMAIN_INSTALL', true );\n"
                      "define( 'DOMAIN_CURRENT_SITE', 'wp.example' );\ndefine( 'PATH_CURRENT_SITE', '/' );\n"
                      "define( 'SITE_ID_CURRENT_SITE', 1 );\ndefine( 'BLOG_ID_CURRENT_SITE', 1 );\n");
  WordPressRun request = run();
  const WordPressFacts facts = probe_wordpress(request, kNever);
  EXPECT_TRUE(facts.multisite);
  EXPECT_EQ(facts.latest_post->title, "Beitrag 50 \U0001F600");
  request.start.host = "nobody.wp.example";
  EXPECT_NE(failure(request).find("ended the run by itself"), std::string::npos);
}

TEST_F(WordPressProbe, MaintenanceMode_IsPassed) {
  plant(".maintenance", "<?php $upgrading = time();");
  EXPECT_EQ(probe_wordpress(run(), kNever).siteurl, "http://wp.example");
}

TEST_F(WordPressProbe, MissingPluginAndTheme_AreNoticed) {
  const std::string options = "UPDATE wp_options SET option_value = ";
  site_->server().run("wp", options + "'a:1:{i:0;s:12:\"shop/sho.php\";}' WHERE option_name = 'active_plugins';" +
                                options + "'gone' WHERE option_name IN ('stylesheet', 'template');");
  const WordPressFacts facts = probe_wordpress(run(), kNever);
  EXPECT_TRUE(has_notice(facts, "plugin are missing: shop/sho.php"));
  EXPECT_TRUE(has_notice(facts, "theme are missing: gone"));
  EXPECT_EQ(facts.active_plugins, std::vector<std::string>{"shop/sho.php"});
  site_->server().run("wp", options + "'a:0:{}' WHERE option_name = 'active_plugins'");
}

TEST_F(WordPressProbe, FilesThatTheUserCannotRead_AreNamed) {
  ::chmod(site_->site().c_str(), 0700);
  ASSERT_EQ(::chown(site_->site().c_str(), 0, 0), 0);
  EXPECT_NE(failure().find("the site's user cannot read " + site_->htdocs().string()), std::string::npos);
  ASSERT_EQ(::chown(site_->site().c_str(), 33, 33), 0);
  ::chmod(site_->site().c_str(), 0755);
}

TEST_F(WordPressProbe, NoConfig_IsAnError) {
  std::filesystem::remove(site_->site() / "wp-config.php");
  EXPECT_NE(failure().find("there is no wp-config.php"), std::string::npos);
  WordPressRun request = run();
  const auto elsewhere = plant("wp-content/site-config.php", "<?php\n" + site_->usual_settings() +
                                                                 "$table_prefix = 'wp_';\n"
                                                                 "require_once ABSPATH . 'wp-settings.php';\n");
  request.start.wp_config = elsewhere;
  EXPECT_EQ(probe_wordpress(request, kNever).siteurl, "http://wp.example");
}

}  // namespace
}  // namespace wobackup
