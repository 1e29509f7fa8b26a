// autoupdate as it is typed. What it does to sites, tests/autoupdate tries.
#include <unistd.h>

#include "cli/command_line.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

using test::contains;

class AutoupdateCommand : public test::CommandLine {
 protected:
  AutoupdateCommand() { write_settings(); }
  void write_settings(const std::string& more = "") const {
    write_config("log_dir = \"" + (root() / "log").string() + "\"\n[autoupdate]\nwp = \"" + (root() / "wp").string() +
                 "\"\nunit_dir = \"" + units().string() + "\"\n" + more);
  }
  void add_wp() const {
    write("wp", "#!/bin/sh\necho '[]'\n");
    ::chmod((root() / "wp").c_str(), 0755);
  }
  [[nodiscard]] std::filesystem::path units() const { return root() / "units"; }
  [[nodiscard]] std::string unit(const std::string& kind) const {
    return test::text_of_file(units() / ("wobackup-autoupdate." + kind));
  }
};

TEST_F(AutoupdateCommand, WordsThatMakeNoSense_AreTold) {
  add_wp();
  const auto told = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "autoupdate");
    const test::Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 2) << ran.both();
    EXPECT_EQ(ran.out, "");
    return ran.err;
  };
  EXPECT_TRUE(contains(told({}), "nothing to do was named\nHint: `wobackup autoupdate run SITE`"));
  EXPECT_TRUE(contains(told({"frobnicate"}), "\"frobnicate\" is nothing that autoupdate can do"));
  EXPECT_TRUE(contains(told({"run"}), "no site was named"));
  EXPECT_TRUE(contains(told({"run", "a.example", "--all"}), "all sites and some of them were named"));
  EXPECT_TRUE(contains(told({"run", "--all", "--dry-run", "--backup-only"}), "a dry run makes no backup"));
  EXPECT_TRUE(contains(told({"run", "--all", "--daily"}), "`autoupdate schedule enable`"));
  EXPECT_TRUE(contains(told({"run", "--all", "--wait", "soon"}), "--wait soon is not a duration"));
  EXPECT_TRUE(contains(told({"schedule"}), "enable, disable or status"));
  EXPECT_TRUE(contains(told({"schedule", "start"}), "\"start\" is nothing that a schedule can do"));
  EXPECT_TRUE(contains(told({"schedule", "enable"}), "one of --daily, --hourly and --calendar is needed"));
  EXPECT_TRUE(contains(told({"schedule", "enable", "--daily", "--hourly"}), "one of --daily"));
  EXPECT_TRUE(contains(told({"schedule", "enable", "--daily", "--dry-run"}), "a dry run needs no schedule"));
  EXPECT_TRUE(contains(told({"schedule", "status", "a.example"}), "unexpected argument: \"a.example\""));
  EXPECT_FALSE(std::filesystem::exists(units()));
}

TEST_F(AutoupdateCommand, MissingWpCli_IsSaidAtOnce) {
  const test::Ran ran = run({"autoupdate", "run", "--all"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_TRUE(contains(ran.err, "WP-CLI is not there: " + (root() / "wp").string()));
  EXPECT_TRUE(contains(ran.err, "autoupdate.wp"));
}

TEST_F(AutoupdateCommand, SitesThatAreNoWordPress_AreSkippedOrRefused) {
  add_wp();
  add_site("a.example");
  write_settings("[site.\"b.example\"]\npath = \"" + www("b.example").string() +
                 "\"\n[site.\"b.example\".autoupdate]\nenabled = false\n");
  write("www/b.example/htdocs/wp-load.php", "");
  const test::Ran all = run({"--json", "autoupdate", "run", "--all"});
  EXPECT_EQ(all.exit_code, 0) << all.both();
  EXPECT_EQ(all.objects("summary").at(0)["sites_total"], 0);
  EXPECT_EQ(all.objects("summary").at(0)["sites_skipped"], 2);
  const test::Ran one = run({"autoupdate", "run", "a.example", "nobody.example"});
  EXPECT_EQ(one.exit_code, 10);
  EXPECT_TRUE(contains(one.err, "a.example is no WordPress"));
  EXPECT_TRUE(contains(one.out, "sites: 2 failed\n"));
}

TEST_F(AutoupdateCommand, Results_AreLinesOrObjects) {
  add_wp();
  add_site("a.example");
  write("www/a.example/htdocs/wp-load.php", "");
  write("wp", "#!/bin/sh\n[ \"$2\" = version ] && echo 6.4 || echo '[]'\n");
  if (::geteuid() == 0) {
    ::chmod(root().c_str(), 0755);
    test::run_in("/", {"chown", "-R", "33:33", www("a.example").string()});
  }
  const test::Ran people = run({"autoupdate", "run", "a.example"});
  EXPECT_EQ(people.exit_code, 0) << people.both();
  EXPECT_TRUE(people.out.starts_with("a.example: up to date, ")) << people.out;
  EXPECT_TRUE(contains(people.out, "\n1 site: 1 up to date\n"));
  EXPECT_TRUE(contains(people.err, "report: " + (root() / "log").string()));
  const test::Ran programs = run({"--json", "autoupdate", "run", "a.example"});
  ASSERT_EQ(programs.objects("autoupdate").size(), 1U) << programs.both();
  EXPECT_EQ(programs.objects("autoupdate")[0]["state"], "up-to-date");
  EXPECT_EQ(programs.objects().back()["message_type"], "summary");
  EXPECT_EQ(programs.objects().back()["sites_up_to_date"], 1);
  EXPECT_EQ(run({"-q", "autoupdate", "run", "a.example"}).both(), "");
}

TEST_F(AutoupdateCommand, Schedule_WritesUnitsThatGiveTheSameWords) {
  add_site("a.example");
  const test::Ran enabled = run({"autoupdate", "schedule", "enable", "--calendar", "Mon 03:00", "a.example",
                                 "--minor-only", "--exclude", "50% off", "--core", "--plugins", "--no-visual"});
  ASSERT_EQ(enabled.exit_code, 0) << enabled.both();
  EXPECT_TRUE(contains(unit("timer"), "\nOnCalendar=Mon 03:00\n"));
  EXPECT_TRUE(
      contains(unit("service"), " --config " + config_file().string() +
                                    " autoupdate run a.example --core --plugins --minor-only --no-visual --exclude "
                                    "\"50%% off\" --wait 30m\n"));
  const test::Ran status = run({"autoupdate", "schedule", "status"});
  EXPECT_TRUE(contains(status.out, "timer:   Mon 03:00"));
  EXPECT_EQ(run({"--json", "autoupdate", "schedule", "status"}).objects().back()["installed"], true);
  EXPECT_EQ(run({"autoupdate", "schedule", "enable", "--daily"}).exit_code, 0);
  EXPECT_TRUE(contains(unit("service"), " autoupdate run --all --wait 30m\n"));
  EXPECT_EQ(run({"autoupdate", "schedule", "disable"}).out, "autoupdate does not run by itself any more\n");
  EXPECT_EQ(run({"autoupdate", "schedule", "disable"}).out, "autoupdate did not run by itself\n");
  EXPECT_TRUE(contains(run({"autoupdate", "schedule", "status"}).out, "does not run by itself"));
}

TEST_F(AutoupdateCommand, WithoutSystemd_TheLineForCronIsGiven) {
  if (::access("/run/systemd/system", F_OK) == 0) GTEST_SKIP() << "systemd runs here";
  const test::Ran ran = run({"autoupdate", "schedule", "enable", "--daily"});
  EXPECT_TRUE(contains(ran.out, "\n0 3 * * * root nice -n 10 ionice -c 3 "));
  EXPECT_EQ(run({"--json", "autoupdate", "schedule", "enable", "--hourly"})
                .objects()
                .back()["cron"]
                .get<std::string>()
                .substr(0, 10),
            "0 * * * * ");
}

TEST_F(AutoupdateCommand, ScheduleOfAnUnknownSite_WritesNothing) {
  const test::Ran ran = run({"autoupdate", "schedule", "enable", "--daily", "nobody.example"});
  EXPECT_EQ(ran.exit_code, 10);
  EXPECT_FALSE(std::filesystem::exists(units()));
}

}  // namespace
}  // namespace wobackup
