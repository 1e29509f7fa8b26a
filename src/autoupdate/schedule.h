// Running autoupdate by itself: a systemd timer, put in place and taken away.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "autoupdate/systemd_units.h"

namespace wobackup {

/// What `enable` has done.
struct ScheduleEnabled {
  std::vector<std::filesystem::path> written;  ///< empty: there is no systemd, and `cron` is what can be done
  bool validated = false;                      ///< by systemd-analyze
  bool active = false;                         ///< systemd runs, and has started the timer
  std::optional<std::string> cron;             ///< the same for cron, where systemd does not run
  std::vector<std::string> notes;
};

/// Writes both units into `unit_dir`, after systemd-analyze, where it is there, has found nothing wrong with them, and
/// starts the timer where systemd runs and looks into that folder. Throws usage for a calendar that systemd does not
/// understand, and failed, also for units of that name that are somebody else's. Nothing is written then.
[[nodiscard]] ScheduleEnabled enable_schedule(const Schedule& schedule, const std::filesystem::path& unit_dir);

/// Stops the timer and removes both units. False if there were none.
bool disable_schedule(const std::filesystem::path& unit_dir);

/// What is known of the timer. What is not known is empty.
struct ScheduleStatus {
  bool installed = false;
  bool active = false;
  std::string calendar;
  std::string command;
  std::string next;         ///< as systemd prints it
  std::string last;         ///< when the last run began
  std::string last_result;  ///< "success", "exit-code" ...
  std::string last_status;  ///< its exit code
};

[[nodiscard]] ScheduleStatus schedule_status(const std::filesystem::path& unit_dir);

}  // namespace wobackup
