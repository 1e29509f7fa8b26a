// wobackup autoupdate run|schedule
#include <fmt/format.h>

#include <algorithm>

#include "autoupdate/run_report.h"
#include "autoupdate/schedule.h"
#include "base/text.h"
#include "cli/commands.h"
#include "wobackup/autoupdate.h"

namespace wobackup::cli {
namespace {

constexpr const char* kUsualWait = "30m";
constexpr const char* kSeeHelp = "see `wobackup autoupdate --help`";

[[noreturn]] void wrong_usage(const std::string& message, const std::string& hint = kSeeHelp) {
  throw Error(ErrorKind::usage, message, hint);
}

AutoupdateOptions options_of(const AutoupdateArguments& arguments, std::size_t first_site, Output& output) {
  AutoupdateOptions options;
  options.sites.assign(arguments.words.begin() + static_cast<std::ptrdiff_t>(first_site), arguments.words.end());
  options.all = arguments.all;
  const bool every_kind = !arguments.core && !arguments.plugins && !arguments.themes;
  options.core = every_kind || arguments.core;
  options.plugins = every_kind || arguments.plugins;
  options.themes = every_kind || arguments.themes;
  options.minor_only = arguments.minor_only;
  options.one_by_one = arguments.one_by_one;
  options.dry_run = arguments.dry_run;
  options.backup_only = arguments.backup_only;
  options.visual = !arguments.no_visual;
  options.exclude = arguments.exclude;
  options.backup_root = path_argument(arguments.backup_dir);
  if (!arguments.wait.empty()) {
    const auto wait = seconds_from(arguments.wait);
    if (!wait) wrong_usage(fmt::format("--wait {} is not a duration", printable(arguments.wait)), "as --wait 10m");
    options.wait = std::chrono::seconds(*wait);
  }
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  options.on_phase = [&output](const std::string& site, std::string_view phase) {
    output.log(LogLevel::info, fmt::format("{}: {}", site, phase));
  };
  options.cancelled = output.terminal().interrupted;
  return options;
}

void report(const SiteAutoupdate& result, Output& output) {
  output.clear_progress();
  if (output.json()) {
    output.object("autoupdate", json_of(result));
  } else {
    const std::string text = text_of(result, false);
    output.line(text.substr(0, text.size() - 1));
  }
  for (const UpdateStep& step : result.steps) {
    if (step.error) output.error(*step.error, result.site);
  }
  if (result.error && !told_by_a_step(result)) output.error(*result.error, result.site);
}

int run(const AutoupdateArguments& arguments, Service& service, Output& output) {
  if (arguments.daily || arguments.hourly || !arguments.calendar.empty()) {
    wrong_usage("a time goes with `autoupdate schedule enable`");
  }
  const AutoupdateRun done = autoupdate(service, options_of(arguments, 1, output),
                                        [&output](const SiteAutoupdate& result) { report(result, output); });
  if (done.report_problem) output.warning(printable(*done.report_problem));
  if (output.json()) {
    Json fields = summary_json(done);
    fields["report"] = done.report ? Json(json_text(done.report->string())) : Json(nullptr);
    output.object("summary", fields);
    return done.exit_code;
  }
  output.line(fmt::format("{}: {}", done.sites.size() + done.skipped == 1 ? "1 site" : "sites", summary_of(done)));
  if (done.report) output.remark(fmt::format("report: {}", printable(done.report->string())));
  return done.exit_code;
}

// The words that a run by itself is given: what was said here, and nothing of who says it.
std::vector<std::string> words_for_later(const AutoupdateArguments& arguments, const AutoupdateOptions& options,
                                         const Config& config) {
  std::vector<std::string> words;
  if (config.file) words = {"--config", std::filesystem::absolute(*config.file).string()};
  words.insert(words.end(), {"autoupdate", "run"});
  const auto flag = [&words](bool wanted, const char* name) {
    if (wanted) words.emplace_back(name);
  };
  flag(options.sites.empty(), "--all");
  words.insert(words.end(), options.sites.begin(), options.sites.end());
  flag(arguments.core, "--core");
  flag(arguments.plugins, "--plugins");
  flag(arguments.themes, "--themes");
  flag(arguments.minor_only, "--minor-only");
  flag(arguments.one_by_one, "--one-by-one");
  flag(arguments.backup_only, "--backup-only");
  flag(arguments.no_visual, "--no-visual");
  for (const std::string& plugin : arguments.exclude) words.insert(words.end(), {"--exclude", plugin});
  if (options.backup_root) words.insert(words.end(), {"--backup-dir", options.backup_root->string()});
  // At night other backups run, too.
  words.insert(words.end(), {"--wait", arguments.wait.empty() ? kUsualWait : arguments.wait});
  return words;
}

Schedule schedule_of(const AutoupdateArguments& arguments, const Service& service, Output& output) {
  const int times = int{arguments.daily} + int{arguments.hourly} + int{!arguments.calendar.empty()};
  if (times != 1) wrong_usage("one of --daily, --hourly and --calendar is needed", "for example --daily");
  if (arguments.dry_run) wrong_usage("a dry run needs no schedule");
  const AutoupdateOptions options = options_of(arguments, 2, output);
  if (options.all && !options.sites.empty()) wrong_usage("all sites and some of them were named");
  // A name that is wrong now is wrong every night.
  for (const std::string& name : options.sites) static_cast<void>(service.site(name));
  Schedule schedule;
  schedule.calendar = arguments.daily ? "*-*-* 03:00:00" : arguments.hourly ? "hourly" : arguments.calendar;
  if (arguments.daily) schedule.spread = "1h";
  std::error_code error;
  schedule.program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Error(ErrorKind::failed, "this program does not know its own path: " + error.message());
  schedule.arguments = words_for_later(arguments, options, service.config());
  return schedule;
}

int enable(const AutoupdateArguments& arguments, const Service& service, Output& output) {
  const Schedule schedule = schedule_of(arguments, service, output);
  const ScheduleEnabled enabled = enable_schedule(schedule, service.config().autoupdate.unit_dir);
  if (output.json()) {
    Json fields{{"calendar", schedule.calendar}, {"units", Json::array()}, {"validated", enabled.validated}};
    for (const auto& path : enabled.written) fields["units"].push_back(json_text(path.string()));
    fields["active"] = enabled.active;
    fields["cron"] = enabled.cron ? Json(*enabled.cron) : Json(nullptr);
    fields["notes"] = enabled.notes;
    fields["exit_code"] = 0;
    output.object("summary", fields);
    return 0;
  }
  for (const auto& path : enabled.written) output.line("written: " + printable(path.string()));
  if (enabled.active) output.line(fmt::format("{} is active: {}", kTimerUnit, schedule.calendar));
  for (const std::string& note : enabled.notes) output.warning(printable(note));
  if (enabled.cron) {
    output.line("Without systemd, this line does it, in /etc/cron.d/wobackup-autoupdate:");
    output.line(*enabled.cron);
  }
  return 0;
}

int disable(const Service& service, Output& output) {
  const bool removed = disable_schedule(service.config().autoupdate.unit_dir);
  if (output.json()) {
    output.object("summary", {{"removed", removed}, {"exit_code", 0}});
  } else {
    output.line(removed ? "autoupdate does not run by itself any more" : "autoupdate did not run by itself");
  }
  return 0;
}

int status(const Service& service, Output& output) {
  const ScheduleStatus now = schedule_status(service.config().autoupdate.unit_dir);
  if (output.json()) {
    output.object("summary", {{"installed", now.installed},
                              {"active", now.active},
                              {"calendar", now.calendar},
                              {"command", now.command},
                              {"next", now.next},
                              {"last", now.last},
                              {"last_result", now.last_result},
                              {"last_status", now.last_status},
                              {"exit_code", 0}});
    return 0;
  }
  if (!now.installed) {
    output.line("autoupdate does not run by itself; `wobackup autoupdate schedule enable --daily`");
    return 0;
  }
  output.line(fmt::format("timer:   {}{}", now.calendar, now.active ? ", active" : ", NOT ACTIVE"));
  output.line("command: " + now.command);
  if (!now.next.empty()) output.line("next:    " + now.next);
  if (!now.last.empty()) output.line("last:    " + now.last);
  if (!now.last_result.empty()) {
    output.line(fmt::format("result:  {} (exit code {})", now.last_result, now.last_status));
  }
  return 0;
}

int schedule(const AutoupdateArguments& arguments, const Service& service, Output& output) {
  const std::string action = arguments.words.size() > 1 ? arguments.words[1] : "";
  if (action == "enable") return enable(arguments, service, output);
  if (action != "disable" && action != "status") {
    wrong_usage(action.empty() ? "what to do with the schedule was not named"
                               : fmt::format("\"{}\" is nothing that a schedule can do", printable(action)),
                "enable, disable or status");
  }
  if (arguments.words.size() > 2)
    wrong_usage(fmt::format("unexpected argument: \"{}\"", printable(arguments.words[2])));
  return action == "disable" ? disable(service, output) : status(service, output);
}

}  // namespace

int autoupdate_command(const AutoupdateArguments& arguments, const KeyArguments& keys, Service& service,
                       Output& output) {
  const std::string what = arguments.words.empty() ? "" : arguments.words.front();
  if (what == "run") return run(arguments, service, output);
  if (what == "schedule" && keys.any()) {
    wrong_usage("a schedule remembers no keys", "set them in [encryption] of wobackup.toml");
  }
  if (what == "schedule") return schedule(arguments, service, output);
  wrong_usage(what.empty() ? "nothing to do was named"
                           : fmt::format("\"{}\" is nothing that autoupdate can do", printable(what)),
              "`wobackup autoupdate run SITE`, or `wobackup autoupdate schedule`");
}

}  // namespace wobackup::cli
