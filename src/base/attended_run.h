// Running a program of somebody's choosing to its end, with its streams passed through, and ending it whole.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/subprocess.h"

namespace wobackup {

/// As whom a program runs.
struct UserIdentity {
  unsigned uid = 0;
  unsigned gid = 0;
  std::vector<unsigned> groups;
};

/// What to start. Everything but its three streams is closed in the child.
struct AttendedCommand {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< exactly this; see ProgramImage
  std::optional<UserIdentity> run_as = {};                            ///< default: as this process
  int working_folder = -1;                                            ///< a descriptor; -1: that of this process
  unsigned umask = 022;
  int in = -1, out = 1, err = 2;  ///< descriptors of this process; -1 is /dev/null
  /// Descriptors that stay open as long as anything of the program may run, also when this process is killed: a lock's.
  std::vector<int> held = {};
};

/// When it is ended before it ends by itself: first by SIGTERM, and after `grace` by SIGKILL.
struct Attendance {
  std::optional<std::chrono::milliseconds> timeout;
  std::function<bool()> cancelled;  ///< asked ten times a second; may be empty
  std::chrono::milliseconds grace{10'000};
};

struct Attended {
  ExitStatus status;
  bool timed_out = false;
  bool cancelled = false;
};

/// Runs it in a session of its own, so that it cannot reach this process's terminal but by the streams it was given.
///
/// A keeper stands between: a process of this program that survives nothing. When the program ends, when it is to be
/// ended, or when this process is killed, the keeper ends what is left. Of a program with another identity nothing is
/// left ever: it lives in a process namespace, or, where the kernel allows none, the keeper adopts and ends all of its
/// orphans. Otherwise what the program's process group holds ends with the program, and what had left the group (a
/// daemon that it restarted) ends only if the program had to be ended. Throws Error not_found if the program is
/// missing, failed if it cannot be started.
[[nodiscard]] Attended run_attended(const AttendedCommand& command, const Attendance& attendance);

}  // namespace wobackup
