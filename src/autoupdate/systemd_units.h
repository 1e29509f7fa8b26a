// The texts of the units that run autoupdate, and the same for cron.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wobackup {

/// When and what.
struct Schedule {
  std::string calendar;                ///< as OnCalendar= has it
  std::string spread = "15min";        ///< servers that share one time should not all ask at once
  std::filesystem::path program;       ///< wobackup itself
  std::vector<std::string> arguments;  ///< its words: "autoupdate", "run", "--all" ...
};

inline constexpr const char* kServiceUnit = "wobackup-autoupdate.service";
inline constexpr const char* kTimerUnit = "wobackup-autoupdate.timer";
/// The first line of both; a file without it is somebody else's.
inline constexpr const char* kUnitMark = "# Written by `wobackup autoupdate schedule enable`; changes here are lost.";

/// Throws Error usage for words that cannot stand in a unit (control characters).
[[nodiscard]] std::string service_unit(const Schedule& schedule);
[[nodiscard]] std::string timer_unit(const Schedule& schedule);

/// A line for /etc/cron.d. Nothing if the calendar says what cron cannot.
[[nodiscard]] std::optional<std::string> cron_line(const Schedule& schedule);

}  // namespace wobackup
