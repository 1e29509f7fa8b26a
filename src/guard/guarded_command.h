// Running the program that makes a guarded change.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "wobackup/config.h"
#include "wobackup/guard.h"
#include "wobackup/site.h"

namespace wobackup {

/// What every program of a guard finds in its environment: WOBACKUP_SITE, WOBACKUP_SITE_PATH, WOBACKUP_TYPE,
/// WOBACKUP_REASON, WOBACKUP_ARCHIVE (once there is one), and WOBACKUP_CONFIG, if a file was read.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> guard_variables(const Site& site,
                                                                               const std::filesystem::path& archive,
                                                                               BackupType type,
                                                                               const std::string& reason,
                                                                               const Config& config);

/// Throws Error usage for a command that could not be run: no program, no such user. Asked before anything is backed
/// up.
void require_runnable(const GuardCommand& command, const Site& site);

/// What surrounds a command.
struct CommandSurroundings {
  const Site& site;
  const Config& config;
  std::vector<std::pair<std::string, std::string>> variables;
  int lock_fd = -1;  ///< of the guard's lock: held as long as anything of the command may run
  const std::function<bool()>& cancelled;
};

/// Runs it to its end, or ends it. Throws Error if it cannot be started; then nothing of it has run.
[[nodiscard]] CommandEnd run_guard_command(const GuardCommand& command, const CommandSurroundings& surroundings);

/// Why it counts as failed: "the command ended with exit status 2"; nothing if it does not.
[[nodiscard]] std::optional<std::string> failure_of(const CommandEnd& end);

}  // namespace wobackup
