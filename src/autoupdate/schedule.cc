#include "autoupdate/schedule.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <utility>

#include "base/file_io.h"
#include "base/subprocess.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::chrono::seconds kToolTime{60};
constexpr std::size_t kLargestUnit = std::size_t{64} << 10U;

bool systemd_runs() { return ::access("/run/systemd/system", F_OK) == 0; }

// Where it looks for units that an admin has put there.
bool systemd_looks_into(const std::filesystem::path& unit_dir) {
  return unit_dir == "/etc/systemd/system" || unit_dir == "/run/systemd/system" ||
         unit_dir == "/usr/local/lib/systemd/system";
}

Collected tool(std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  // systemctl asks nobody, and answers without colours and pages.
  command.environment = {{"SYSTEMD_PAGER", ""}, {"SYSTEMD_COLORS", "0"}, {"LANG", "C"}};
  return run_collecting(command, kToolTime);
}

void systemctl(std::vector<std::string> words) {
  words.insert(words.begin(), {"systemctl", "--no-ask-password", "--quiet"});
  const Collected ran = tool(words);
  if (ran.status.success()) return;
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
  throw Error(ErrorKind::failed, fmt::format("`{}` failed: {}", command, printable(trim(ran.err))));
}

void check_calendar(const std::string& calendar) {
  if (calendar.empty() || printable(calendar) != calendar || calendar.size() > 200) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is no time", printable(calendar)),
                "for example --calendar 'Mon 03:00'");
  }
  if (!find_program("systemd-analyze")) return;
  const Collected ran = tool({"systemd-analyze", "calendar", "--", calendar});
  if (!ran.status.success()) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is no time that systemd understands", printable(calendar)),
                "for example --calendar 'Mon 03:00'; `man systemd.time` explains them");
  }
}

// A folder of its own for a moment.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_("/tmp/wobackup-units-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) throw system_error("cannot make a folder in /tmp", errno);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return std::filesystem::path(path_) / name; }

 private:
  std::string path_;
};

// Whether it was asked. Throws if it finds something wrong with these units; about others of the machine it may
// complain.
bool validate(const std::string& service, const std::string& timer) {
  if (!find_program("systemd-analyze")) return false;
  const TemporaryFolder folder;
  replace_file(folder / kServiceUnit, service, 0644);
  replace_file(folder / kTimerUnit, timer, 0644);
  const Collected ran =
      tool({"systemd-analyze", "--man=no", "verify", (folder / kServiceUnit).string(), (folder / kTimerUnit).string()});
  const std::string said = ran.out + ran.err;
  if (said.find("wobackup-autoupdate.") == std::string::npos) return true;
  throw Error(ErrorKind::failed, fmt::format("systemd-analyze finds the units wrong: {}", printable(trim(said))));
}

std::optional<std::string> unit_at(const std::filesystem::path& path) {
  try {
    return read_small_file(path, kLargestUnit);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return std::nullopt;
    throw;
  }
}

// Throws for a unit that was not written here.
bool is_ours(const std::filesystem::path& path) {
  const std::optional<std::string> text = unit_at(path);
  if (!text) return false;
  if (text->starts_with(kUnitMark)) return true;
  throw Error(ErrorKind::failed, fmt::format("{} was not written by wobackup: it is left alone", path.string()),
              "move it away, or set autoupdate.unit_dir");
}

// The value of a setting in a unit's text.
std::string setting(const std::string& text, std::string_view name) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == '=') {
      return printable(line.substr(name.size() + 1));
    }
  }
  return {};
}

std::map<std::string, std::string> properties_of(const char* unit, const char* names) {
  std::map<std::string, std::string> values;
  const Collected ran = tool({"systemctl", "show", unit, "--no-pager", std::string("--property=") + names});
  for (const std::string_view line : split(ran.out, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      values[std::string(line.substr(0, equals))] = printable(line.substr(equals + 1));
  }
  return values;
}

}  // namespace

ScheduleEnabled enable_schedule(const Schedule& schedule, const std::filesystem::path& unit_dir) {
  check_calendar(schedule.calendar);
  ScheduleEnabled result;
  const bool standard = systemd_looks_into(unit_dir);
  if (!systemd_runs()) {
    result.cron = cron_line(schedule);
    if (!result.cron) result.notes.push_back("cron has no line for \"" + schedule.calendar + "\"");
  }
  // No systemd at all, and nobody has asked for units.
  if (standard && !find_program("systemctl")) return result;
  const std::string service = service_unit(schedule), timer = timer_unit(schedule);
  result.validated = validate(service, timer);
  if (::mkdir(unit_dir.c_str(), 0755) != 0 && errno != EEXIST) {
    throw system_error(fmt::format("cannot make {}", unit_dir.string()), errno);
  }
  const std::filesystem::path service_path = unit_dir / kServiceUnit, timer_path = unit_dir / kTimerUnit;
  static_cast<void>(is_ours(service_path));
  static_cast<void>(is_ours(timer_path));
  replace_file(service_path, service, 0644);
  replace_file(timer_path, timer, 0644);
  result.written = {service_path, timer_path};
  if (!standard) {
    result.notes.push_back(
        fmt::format("systemd does not look into {} by itself: nothing was started", unit_dir.string()));
  } else if (systemd_runs()) {
    systemctl({"daemon-reload"});
    systemctl({"enable", kTimerUnit});
    systemctl({"restart", kTimerUnit});  // an older time may be at work
    result.active = true;
  } else {
    result.notes.push_back(
        fmt::format("systemd does not run here; where it does: systemctl enable --now {}", kTimerUnit));
  }
  return result;
}

bool disable_schedule(const std::filesystem::path& unit_dir) {
  const std::filesystem::path service = unit_dir / kServiceUnit, timer = unit_dir / kTimerUnit;
  const bool has_service = is_ours(service), has_timer = is_ours(timer);
  if (!has_service && !has_timer) return false;
  const bool live = systemd_runs() && systemd_looks_into(unit_dir);
  // A run that is at work goes on to its end.
  if (live && has_timer) systemctl({"disable", "--now", kTimerUnit});
  for (const std::filesystem::path& path : {timer, service}) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      throw system_error(fmt::format("cannot remove {}", path.string()), errno);
    }
  }
  if (live) systemctl({"daemon-reload"});
  return true;
}

ScheduleStatus schedule_status(const std::filesystem::path& unit_dir) {
  ScheduleStatus status;
  const std::optional<std::string> timer = unit_at(unit_dir / kTimerUnit), service = unit_at(unit_dir / kServiceUnit);
  status.installed = timer && service;
  if (timer) status.calendar = setting(*timer, "OnCalendar");
  if (service) status.command = setting(*service, "ExecStart");
  if (!status.installed || !systemd_runs() || !systemd_looks_into(unit_dir)) return status;
  const auto of_timer = properties_of(kTimerUnit, "ActiveState,NextElapseUSecRealtime,LastTriggerUSec");
  const auto of_service = properties_of(kServiceUnit, "Result,ExecMainStatus,ExecMainStartTimestamp");
  const auto value = [](const auto& properties, const char* name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string() : found->second;
  };
  status.active = value(of_timer, "ActiveState") == "active";
  status.next = value(of_timer, "NextElapseUSecRealtime");
  status.last = value(of_timer, "LastTriggerUSec");
  if (!value(of_service, "ExecMainStartTimestamp").empty()) {
    status.last_result = value(of_service, "Result");
    status.last_status = value(of_service, "ExecMainStatus");
  }
  return status;
}

}  // namespace wobackup
