// What is made of WP-CLI's answers, hostile ones included. `wp` is a script that prints what a test wants.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "autoupdate/pending_updates.h"
#include "autoupdate/wp_commands.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

using Texts = std::vector<std::string>;

class ToldUpdates : public testing::Test {
 protected:
  ToldUpdates() {
    ::chmod(folder_.path().c_str(), 0755);
    folder_.write("site/htdocs/wp-load.php", "");
    // What is printed for `wp plugin list` stands in the file "plugin list"; its exit status in "plugin list.exit".
    const auto script = folder_.write("wp", R"sh(#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/site/asked"
cat "$here/$1 $2" 2>/dev/null
cat "$here/$1 $2.err" >&2 2>/dev/null
exit "$(cat "$here/$1 $2.exit" 2>/dev/null || echo 0)"
)sh");
    ::chmod(script.c_str(), 0755);
    config_.autoupdate.wp = script;
    site_.name = "a.example";
    site_.path = folder_ / "site";
    if (::geteuid() == 0) test::run_in("/", {"chown", "-R", "33:33", site_.path.string()});
    answer("core version", "6.4.2\n");
    answer("core check-update", "[]");
    answer("plugin list", "[]");
    answer("theme list", "[]");
  }
  void answer(const std::string& command, const std::string& out, int exit = 0, const std::string& err = "") const {
    folder_.write(command, out);
    folder_.write(command + ".exit", std::to_string(exit));
    folder_.write(command + ".err", err);
  }
  [[nodiscard]] WpCli wp() const { return WpCli(site_, config_, cancellation_); }
  [[nodiscard]] PendingUpdates pending(const UpdateWish& wish = {}) const { return ask_pending_updates(wp(), wish); }
  [[nodiscard]] static Texts held_back(const PendingUpdates& pending) {
    Texts texts;
    for (const HeldBack& each : pending.held_back) {
      texts.push_back(each.kind + " " + each.update.name + " " + each.update.to + ": " + each.why);
    }
    return texts;
  }
  [[nodiscard]] std::string asked() const { return test::text_of_file(site_.path / "asked"); }

  const test::ScratchFolder folder_;
  Config config_;
  Site site_;
  Cancellation cancellation_;
};

std::string plugin(const std::string& name, const std::string& from, const std::string& to,
                   const std::string& package = "https://x/y.zip") {
  return Json{
      {"name", name}, {"version", from}, {"update_version", to}, {"update_package", package}, {"file", name + "/x.php"}}
      .dump();
}

TEST_F(ToldUpdates, Nothing_IsSaidInSeveralWays) {
  for (const char* none : {"[]", "", "\n", "PHP Notice:  x[0] in /x.php on line 3\n[]\n"}) {
    answer("core check-update", none);
    answer("plugin list", none);
    EXPECT_TRUE(pending().empty()) << none;
  }
}

TEST_F(ToldUpdates, EveryKind_IsAskedForAndTold) {
  answer("core check-update", R"([{"version":"6.5","update_type":"major","package_url":"x"},)"
                              R"({"version":"6.4.3","update_type":"minor","package_url":"x"}])");
  answer("plugin list", "[" + plugin("shop", "1.0", "1.1") + "]");
  answer("theme list", "[" + plugin("plain", "2.0", "3.0") + "]");
  const PendingUpdates all = pending();
  EXPECT_EQ(text_of(all), "WordPress 6.4.2 to 6.5, shop 1.0 to 1.1, plain 2.0 to 3.0");
  EXPECT_EQ(
      json_of(all).dump(),
      R"({"core":{"name":"WordPress","from":"6.4.2","to":"6.5"},"plugins":[{"name":"shop","from":"1.0","to":"1.1"}],)"
      R"("themes":[{"name":"plain","from":"2.0","to":"3.0"}]})");
  EXPECT_EQ(held_back(all), Texts{});
  std::istringstream lines(asked());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.ends_with(" --path=htdocs --no-color --skip-packages")) << line;
    EXPECT_EQ(line.find("allow-root"), std::string::npos);
  }
}

TEST_F(ToldUpdates, MinorOnly_HoldsMajorStepsBack) {
  answer("core check-update", R"([{"version":"6.5","update_type":"major"},{"version":"6.4.3","update_type":"minor"}])");
  answer("plugin list", "[" + plugin("shop", "1.0", "1.1") + "," + plugin("mail", "1.9", "2.0") + "]");
  const PendingUpdates minor = pending({.minor_only = true, .exclude = {}});
  EXPECT_EQ(text_of(minor), "WordPress 6.4.2 to 6.4.3, shop 1.0 to 1.1");
  EXPECT_EQ(held_back(minor), (Texts{"core WordPress 6.5: not a minor update", "plugin mail 2.0: not a minor update"}));
  answer("core check-update", R"([{"version":"6.5","update_type":"minor"}])");  // a lie
  EXPECT_EQ(pending({.plugins = false, .minor_only = true, .exclude = {}}).core.has_value(), false);
}

TEST_F(ToldUpdates, ExcludedAndPackageless_AreHeldBack) {
  answer("plugin list",
         "[" + plugin("shop", "1", "2") + "," + plugin("mail", "1", "2") + "," + plugin("pro", "1", "2", "") + "]");
  const PendingUpdates left = pending({.exclude = {"shop", "mail/x.php", "missing"}});
  EXPECT_TRUE(left.empty());
  EXPECT_EQ(held_back(left), (Texts{"plugin shop 2: excluded", "plugin mail 2: excluded",
                                    "plugin pro 2: there is no package to download; its licence may have ended"}));
}

TEST_F(ToldUpdates, KindsThatAreNotWanted_AreNotAsked) {
  EXPECT_TRUE(pending({.core = false, .themes = false, .exclude = {}}).empty());
  EXPECT_EQ(asked().find("core"), std::string::npos);
  EXPECT_EQ(asked().find("theme"), std::string::npos);
}

TEST_F(ToldUpdates, OlderAndOddVersions_AreNoUpdateOfCore) {
  answer("core check-update",
         R"([{"version":"6.3","update_type":"x"},{"version":"6.4.2","update_type":"x"},)"
         R"({"version":[],"update_type":"x"},{"version":"6.5","update_type":"major","status":"unavailable"}])");
  EXPECT_EQ(pending().core.has_value(), false);
}

TEST_F(ToldUpdates, NamesThatAreOptionsOrWorse_NeverReachWpCli) {
  std::string list;
  for (const char* name : {"--exec=system('x')", "-h", "@prod", "/etc", "", "a\x1b[2J", "https://x/y.zip"}) {
    list += (list.empty() ? "" : ",") + plugin(name, "1", "2");
  }
  answer("plugin list", "[" + list + "," + plugin("fine", "1", "2") + "]");
  const PendingUpdates told = pending();
  ASSERT_EQ(told.plugins.size(), 1U);
  EXPECT_EQ(told.plugins[0].name, "fine");
  ASSERT_EQ(told.held_back.size(), 7U);
  for (const HeldBack& each : told.held_back) {
    EXPECT_EQ(each.why, "its name cannot be handed to WP-CLI");
    EXPECT_EQ(each.update.name.find('\x1b'), std::string::npos);
  }
}

TEST_F(ToldUpdates, FailuresAndNonsense_AreErrorsThatTellTheCommand) {
  const auto failure = [&] { return test::refusal([&] { (void)pending(); }, ErrorKind::failed); };
  answer("plugin list", "", 1, "PHP Warning:  x\nError: There has been a critical error on this website.\n");
  EXPECT_EQ(failure(),
            "`wp plugin list --update=available --fields=name,version,update_version,update_package,file "
            "--format=json` failed: exit status 1: Error: There has been a critical error on this website.");
  answer("plugin list", "", 255,
         "\nFatal error: Uncaught Error in \x1b[2J/x.php:3\nStack trace:\n#0 {main}\n  thrown in /x.php\n");
  EXPECT_NE(failure().find("Fatal error: Uncaught Error in \\x1b[2J/x.php:3"), std::string::npos);
  answer("plugin list", "<!DOCTYPE html> critical error");
  EXPECT_NE(failure().find("gave no list that makes sense"), std::string::npos);
  answer("core version", "PHP Notice\n");
  EXPECT_EQ(failure(), "`wp core version` gave no version");
}

TEST_F(ToldUpdates, MoreThanEnoughOutputAndTime_EndIt) {
  folder_.write("wp", "#!/bin/sh\nyes '[{'\n");
  EXPECT_NE(test::refusal([&] { (void)core_version(wp()); }, ErrorKind::failed).find("it printed more than 4.0 MiB"),
            std::string::npos);
  folder_.write("wp", "#!/bin/sh\nsleep 60 & sleep 60\n");
  config_.autoupdate.timeout = std::chrono::seconds(1);
  EXPECT_NE(test::refusal([&] { (void)core_version(wp()); }, ErrorKind::failed).find("it did not end within 1 seconds"),
            std::string::npos);
}

TEST_F(ToldUpdates, Extensions_AreUpdatedOnlyIfEachOneIsSaidToBe) {
  const auto update = [&] { update_extensions(wp(), ExtensionKind::plugin, {"shop", "mail"}); };
  answer("plugin update", R"([{"name":"shop","status":"Updated"},{"name":"mail","status":"Updated"}])");
  update();
  EXPECT_NE(asked().find("plugin update shop mail --format=json --path=htdocs"), std::string::npos);
  answer("plugin update", R"([{"name":"shop","status":"Updated"},{"name":"mail","status":"Error"}])", 1,
         "Error: Only updated 1 of 2 plugins (1 failed).\n");
  EXPECT_EQ(test::refusal(update, ErrorKind::failed),
            "`wp plugin update shop mail --format=json` failed: exit status 1: Error: Only updated 1 of 2 plugins (1 "
            "failed). (not updated: mail)");
  answer("plugin update", R"([{"name":"shop","status":"Updated"}])");
  EXPECT_NE(test::refusal(update, ErrorKind::failed).find("did not say that it updated mail"), std::string::npos);
  answer("plugin update", "nothing");
  EXPECT_NE(test::refusal(update, ErrorKind::failed).find("did not say that it updated shop, mail"), std::string::npos);
}

TEST_F(ToldUpdates, Core_MustHaveTheVersionThatWasPromised) {
  std::vector<std::string> notes;
  answer("core update", "Success: WordPress updated successfully.\n");
  EXPECT_EQ(test::refusal([&] { update_core(wp(), false, "6.5", notes); }, ErrorKind::failed),
            "`wp core update` left WordPress 6.4.2 instead of 6.5");
  answer("core version", "6.5\n");
  update_core(wp(), true, "6.5", notes);
  EXPECT_NE(asked().find("core update --minor "), std::string::npos);
  EXPECT_TRUE(notes.empty());
  answer("core update", "", 1, "Error: Could not copy file. wp-includes/a.php\n");
  EXPECT_NE(
      test::refusal([&] { update_core(wp(), false, "6.5", notes); }, ErrorKind::failed).find("Could not copy file"),
      std::string::npos);
}

TEST_F(ToldUpdates, NoticesWhereNoListIs_AreNoOfferOfTheCore) {
  answer("core check-update", "");
  EXPECT_FALSE(pending().core);
  answer("core check-update", "\nNotice: Undefined index: [\"a\"] in /x/shop.php on line 3\n[{\n");
  EXPECT_FALSE(pending().core);
  answer("core check-update", R"([{"version":"6.4.3","update_type":"minor","package)");
  EXPECT_NE(test::refusal([&] { (void)pending(); }, ErrorKind::failed).find("no list that makes sense"),
            std::string::npos);
}

TEST_F(ToldUpdates, FatalErrorOfASite_IsToldAsPhpTellsIt) {
  answer("plugin update", "", 1,
         "Fatal error: Uncaught Error: Call to undefined function gone() in /x/shop.php:3\nStack trace:\n"
         "Error: There has been a critical error on this website.Learn more about troubleshooting WordPress.\n");
  EXPECT_NE(test::refusal([&] { update_extensions(wp(), ExtensionKind::plugin, {"shop"}); }, ErrorKind::failed)
                .find("Call to undefined function gone() in /x/shop.php:3"),
            std::string::npos);
}

TEST_F(ToldUpdates, CoreWithoutItsCleaningUp_IsUpdatedWithANote) {
  std::vector<std::string> notes;
  answer("core version", "6.5\n");
  answer("core update", "", 1,
         "Error: Failed to get url 'https://api.wordpress.org/core/checksums/1.0/?version=6.4': x\n");
  update_core(wp(), false, "6.5", notes);
  EXPECT_EQ(notes.size(), 1U);
}

TEST_F(ToldUpdates, DatabaseOfANetwork_IsUpdatedOnAllSites) {
  std::vector<std::string> notes;
  answer("core is-installed", "", 1);
  answer("core update-db", "Success: WordPress database upgraded successfully from db version 1 to 2.\n");
  update_core_database(wp(), notes);
  EXPECT_EQ(asked().find("--network --path"), asked().rfind("--network --path"));  // only the question
  EXPECT_EQ(notes, Texts{"Success: WordPress database upgraded successfully from db version 1 to 2."});
  answer("core is-installed", "");
  answer("core update-db", "Success: WordPress database upgraded on 3/3 sites.\n");
  update_core_database(wp(), notes);
  EXPECT_NE(asked().find("core update-db --network "), std::string::npos);
  answer("core update-db", "Success: WordPress database upgraded on 2/3 sites.\n");
  EXPECT_NE(test::refusal([&] { update_core_database(wp(), notes); }, ErrorKind::failed).find("not bring all sites"),
            std::string::npos);
}

TEST_F(ToldUpdates, RunsAsTheSitesUserInItsFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  folder_.write("wp",
                "#!/bin/sh\nid -u > htdocs/seen; pwd >> htdocs/seen; env | sort >> htdocs/seen; umask >> htdocs/seen; "
                "echo 1.0\n");
  ASSERT_EQ(::setenv("WOBACKUP_SECRET", "geheim", 1), 0);
  EXPECT_EQ(core_version(wp()), "1.0");
  ::unsetenv("WOBACKUP_SECRET");
  const std::string seen = test::text_of_file(site_.path / "htdocs/seen");
  EXPECT_TRUE(seen.starts_with("33\n" + site_.path.string() + "\n")) << seen;
  EXPECT_EQ(seen.find("geheim"), std::string::npos);
  EXPECT_NE(seen.find("WP_CLI_CACHE_DIR=/dev/null"), std::string::npos);
  EXPECT_TRUE(seen.ends_with("0022\n")) << seen;
}

TEST_F(ToldUpdates, SitesOfRoot_AreRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  test::run_in("/", {"chown", "-R", "0:0", site_.path.string()});
  EXPECT_NE(test::refusal([&] { (void)wp(); }, ErrorKind::failed).find("no site's code is run as root"),
            std::string::npos);
}

TEST_F(ToldUpdates, MissingWpCli_SaysHowToGetIt) {
  config_.autoupdate.wp = "/nonexistent/wp";
  EXPECT_EQ(test::refusal([&] { (void)wp(); }, ErrorKind::failed), "WP-CLI is not there: /nonexistent/wp");
}

}  // namespace
}  // namespace wobackup
