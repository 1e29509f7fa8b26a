#include "autoupdate/systemd_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// What a run needs as root: it reads and writes all sites' folders with their owners, modes and attributes, becomes
// the sites' users, makes process and network namespaces for them, and asks systemd to reload PHP. So no file system is
// closed but those of the system itself; no /home (a site or ~/.my.cnf may be there), no private /tmp (database
// sockets, and what a visual check leaves for its admin). RestrictSUIDSGID would lose setgid folders of a restore.
constexpr std::string_view kService = R"([Unit]
Description=Updates of WordPress sites, each behind a backup
After=network-online.target mariadb.service mysql.service nginx.service
Wants=network-online.target

[Service]
Type=oneshot
ExecStart={}
Nice=10
CPUWeight=20
IOSchedulingClass=idle
IOWeight=20
# A run that is told to end takes back what it was doing first.
KillMode=mixed
TimeoutStopSec=15min
ProtectSystem=full
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictNamespaces=user pid net
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID
CapabilityBoundingSet=CAP_SETFCAP CAP_SYS_ADMIN CAP_SYS_RESOURCE
)";

constexpr std::string_view kTimer = R"([Unit]
Description=Updates of WordPress sites, at their time

[Timer]
OnCalendar={}
RandomizedDelaySec={}
# Missed while the machine was off: made up for after the start.
Persistent=true

[Install]
WantedBy=timers.target
)";

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

void require_plain(const std::string& word) {
  if (printable(word) == word) return;
  throw Error(ErrorKind::usage, fmt::format("{} cannot stand in a systemd unit", printable(word)));
}

// As systemd reads command lines: specifiers and variables are doubled, the rest is quoted where needed.
std::string unit_word(const std::string& word) {
  require_plain(word);
  std::string text;
  bool quoted = word.empty();
  for (const char c : word) {
    if (c == '%' || c == '$') text += c;
    if (c == '"' || c == '\\') text += '\\';
    if (c == ' ' || c == '"' || c == '\'' || c == ';' || c == '\\') quoted = true;
    text += c;
  }
  return quoted ? "\"" + text + "\"" : text;
}

std::string shell_word(const std::string& word) {
  require_plain(word);
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./=,:@+").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') text += "'\\'";
    if (c == '%') text += "'\\";  // cron ends the command there, in quotes too
    text += c;
    if (c == '%') text += '\'';
  }
  return text + "'";
}

std::string command_of(const Schedule& schedule, std::string (*quote)(const std::string&)) {
  std::string text = quote(schedule.program.string());
  for (const std::string& argument : schedule.arguments) text += " " + quote(argument);
  return text;
}

std::optional<std::size_t> day_from(std::string_view word) {
  for (std::size_t i = 0; i < kDays.size(); ++i) {
    if (lower_ascii(word.substr(0, 3)) == lower_ascii(kDays[i])) return i;
  }
  return std::nullopt;
}

// "Mon", "Mon,Thu", "Mon..Fri" as cron has it.
std::optional<std::string> days_from(std::string_view words) {
  std::string text;
  for (const std::string_view part : split(words, ',')) {
    const std::size_t dots = part.find("..");
    const auto first = day_from(part.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : day_from(part.substr(dots + 2));
    if (!first || !last || *first > *last) return std::nullopt;
    text += (text.empty() ? "" : ",") + std::to_string(*first);
    if (*last != *first) text += "-" + std::to_string(*last);
  }
  return text;
}

std::optional<unsigned> number_from(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 2 ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  unsigned number = 0;
  for (const char c : text) number = number * 10 + static_cast<unsigned>(c - '0');
  return number <= most ? std::optional(number) : std::nullopt;
}

// "03:00", "03:00:00", "*:00": minute and hour as cron has them.
std::optional<std::string> time_from(std::string_view word) {
  const auto parts = split(word, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto minute = number_from(parts[1], 59);
  if (!minute || (parts.size() == 3 && number_from(parts[2], 59) != 0U)) return std::nullopt;
  if (parts[0] == "*") return fmt::format("{} *", *minute);
  const auto hour = number_from(parts[0], 23);
  if (!hour) return std::nullopt;
  return fmt::format("{} {}", *minute, *hour);
}

// The five fields of cron.
std::optional<std::string> cron_fields(std::string_view calendar) {
  if (calendar == "hourly") return "0 * * * *";
  if (calendar == "daily") return "0 0 * * *";
  if (calendar == "weekly") return "0 0 * * 1";
  if (calendar == "monthly") return "0 0 1 * *";
  std::string days = "*";
  std::optional<std::string> time;
  for (const std::string_view word : split(calendar, ' ')) {
    if (word.empty() || word == "*-*-*") continue;
    if (time) return std::nullopt;  // a time zone, or what else may follow
    if (word.find(':') != std::string_view::npos) {
      time = time_from(word);
      if (!time) return std::nullopt;
      continue;
    }
    const auto named = days_from(word);
    if (!named) return std::nullopt;
    days = *named;
  }
  return fmt::format("{} * * {}", time.value_or("0 0"), days);
}

}  // namespace

std::string service_unit(const Schedule& schedule) {
  return fmt::format("{}\n", kUnitMark) + fmt::format(kService, command_of(schedule, unit_word));
}

std::string timer_unit(const Schedule& schedule) {
  require_plain(schedule.calendar);
  return fmt::format("{}\n", kUnitMark) + fmt::format(kTimer, schedule.calendar, schedule.spread);
}

std::optional<std::string> cron_line(const Schedule& schedule) {
  const std::optional<std::string> fields = cron_fields(schedule.calendar);
  if (!fields) return std::nullopt;
  return fmt::format("{} root nice -n 10 ionice -c 3 {}", *fields, command_of(schedule, shell_word));
}

}  // namespace wobackup
