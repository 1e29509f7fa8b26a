// The units and cron lines that run autoupdate by itself.
#include "autoupdate/systemd_units.h"

#include <gtest/gtest.h>

#include "autoupdate/schedule.h"
#include "base/subprocess.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

Schedule schedule(const std::string& calendar, std::vector<std::string> more = {}) {
  Schedule wanted;
  wanted.calendar = calendar;
  wanted.program = "/bin/true";
  wanted.arguments = {"autoupdate", "run", "--all"};
  wanted.arguments.insert(wanted.arguments.end(), more.begin(), more.end());
  return wanted;
}

std::string line_with(const std::string& text, const std::string& begin) {
  const std::size_t at = text.find("\n" + begin);
  return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(SystemdUnits, Words_AreQuotedAsSystemdReadsThem) {
  EXPECT_EQ(
      line_with(service_unit(schedule("daily", {"--exclude", "a b", "50%", "$x", "say \"\\\"", ""})), "ExecStart="),
      "ExecStart=/bin/true autoupdate run --all --exclude \"a b\" 50%% $$x \"say \\\"\\\\\\\"\" \"\"");
}

TEST(SystemdUnits, LineEnds_AreRefused) {
  EXPECT_NE(
      test::refusal([] { (void)service_unit(schedule("daily", {"a\nExecStartPre=/bin/evil"})); }, ErrorKind::usage),
      "");
  EXPECT_NE(test::refusal([] { (void)timer_unit(schedule("daily\nOnBootSec=1")); }, ErrorKind::usage), "");
}

TEST(SystemdUnits, Runs_YieldToVisitorsAndAreMadeUpFor) {
  const std::string service = service_unit(schedule("daily")), timer = timer_unit(schedule("Mon 03:00"));
  for (const char* wanted :
       {"Nice=10", "IOSchedulingClass=idle", "Type=oneshot", "NoNewPrivileges=yes", "ProtectSystem=full"}) {
    EXPECT_NE(line_with(service, wanted), "") << wanted;
  }
  // They would break what a run has to do.
  for (const char* unwanted : {"RestrictSUIDSGID", "PrivateTmp", "ProtectHome", "PrivateUsers", "PrivateNetwork"}) {
    EXPECT_EQ(service.find(std::string("\n") + unwanted), std::string::npos) << unwanted;
  }
  EXPECT_EQ(line_with(timer, "OnCalendar="), "OnCalendar=Mon 03:00");
  EXPECT_EQ(line_with(timer, "Persistent="), "Persistent=true");
  EXPECT_NE(line_with(timer, "RandomizedDelaySec="), "");
}

TEST(CronLine, SimpleCalendars_HaveOne) {
  const std::string command = " root nice -n 10 ionice -c 3 /bin/true autoupdate run --all";
  for (const auto& [calendar, fields] :
       std::vector<std::pair<const char*, const char*>>{{"hourly", "0 * * * *"},
                                                        {"daily", "0 0 * * *"},
                                                        {"*-*-* 03:00:00", "0 3 * * *"},
                                                        {"Mon 03:00", "0 3 * * 1"},
                                                        {"Mon..Fri 3:05", "5 3 * * 1-5"},
                                                        {"Sat,Sun *-*-* 23:59", "59 23 * * 6,0"},
                                                        {"*:30", "30 * * * *"}}) {
    EXPECT_EQ(cron_line(schedule(calendar)), fields + command) << calendar;
  }
  for (const char* calendar :
       {"*-*-1 03:00", "Mon 03:00 Europe/Berlin", "03:00:30", "*:0/15", "quarterly", "Mo..", "25:00"}) {
    EXPECT_EQ(cron_line(schedule(calendar)), std::nullopt) << calendar;
  }
}

TEST(CronLine, Words_AreQuotedForTheShellAndForCron) {
  EXPECT_TRUE(cron_line(schedule("daily", {"--exclude", "it's 5%"}))->ends_with(R"( --exclude 'it'\''s 5'\%'')"));
}

class ScheduleTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path units() const { return folder_ / "units"; }
  const test::ScratchFolder folder_;
};

TEST_F(ScheduleTest, Enable_WritesBothUnitsAndDisableRemovesThem) {
  EXPECT_FALSE(schedule_status(units()).installed);
  const ScheduleEnabled enabled = enable_schedule(schedule("*-*-* 03:00:00", {"--exclude", "a b"}), units());
  EXPECT_EQ(enabled.written.size(), 2U);
  EXPECT_EQ(enabled.validated, find_program("systemd-analyze").has_value());
  EXPECT_FALSE(enabled.active);  // nobody looks into that folder
  const ScheduleStatus status = schedule_status(units());
  EXPECT_TRUE(status.installed);
  EXPECT_EQ(status.calendar, "*-*-* 03:00:00");
  EXPECT_EQ(status.command, "/bin/true autoupdate run --all --exclude \"a b\"");
  static_cast<void>(enable_schedule(schedule("hourly"), units()));
  EXPECT_EQ(schedule_status(units()).calendar, "hourly");
  EXPECT_TRUE(disable_schedule(units()));
  EXPECT_FALSE(disable_schedule(units()));
  EXPECT_TRUE(std::filesystem::is_empty(units()));
}

TEST_F(ScheduleTest, SystemdAnalyze_FindsNothingWrong) {
  if (!find_program("systemd-analyze")) GTEST_SKIP() << "no systemd";
  static_cast<void>(enable_schedule(schedule("Mon 03:00"), units()));
  const std::string both = test::run_in(units(), {"systemd-analyze", "--man=no", "verify",
                                                  (units() / kServiceUnit).string(), (units() / kTimerUnit).string()});
  EXPECT_EQ(both, "");
}

TEST_F(ScheduleTest, WrongTimesAndPrograms_WriteNothing) {
  if (!find_program("systemd-analyze")) GTEST_SKIP() << "no systemd";
  for (const char* calendar : {"Mondayish 3", "", "25:00", "-h"}) {
    EXPECT_NE(test::refusal([&] { (void)enable_schedule(schedule(calendar), units()); }, ErrorKind::usage), "")
        << calendar;
  }
  Schedule missing = schedule("daily");
  missing.program = "/nonexistent/wobackup";
  EXPECT_NE(test::refusal([&] { (void)enable_schedule(missing, units()); }, ErrorKind::failed).find("/nonexistent"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(units()));
}

TEST_F(ScheduleTest, SomebodyElsesUnit_IsLeftAlone) {
  folder_.write("units/wobackup-autoupdate.timer", "[Timer]\n# by hand\n");
  const auto message = [](const std::string& text) {
    return text.find("was not written by wobackup") != std::string::npos;
  };
  EXPECT_TRUE(message(test::refusal([&] { (void)enable_schedule(schedule("daily"), units()); }, ErrorKind::failed)));
  EXPECT_TRUE(message(test::refusal([&] { (void)disable_schedule(units()); }, ErrorKind::failed)));
  EXPECT_EQ(test::text_of_file(units() / kTimerUnit), "[Timer]\n# by hand\n");
  EXPECT_FALSE(std::filesystem::exists(units() / kServiceUnit));
}

}  // namespace
}  // namespace wobackup
