#include "guard/guarded_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/attended_run.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "guard/command_user.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

// The later one of a name holds.
void add(Variables& variables, const Variables& more) {
  for (const auto& [name, value] : more) {
    std::erase_if(variables, [&name = name](const auto& known) { return known.first == name; });
    variables.emplace_back(name, value);
  }
}

Variables environment_of(const GuardCommand& command, const CommandUser& user, const Variables& guard) {
  Variables variables = user.environment;
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr) variables.emplace_back("TERM", terminal);
  add(variables, guard);
  add(variables, command.environment);
  return variables;
}

std::string value_of(const Variables& variables, std::string_view name) {
  for (const auto& [known, value] : variables) {
    if (known == name) return value;
  }
  return {};
}

bool holds_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

}  // namespace

Variables guard_variables(const Site& site, const std::filesystem::path& archive, BackupType type,
                          const std::string& reason, const Config& config) {
  Variables variables{{"WOBACKUP_SITE", site.name},
                      {"WOBACKUP_SITE_PATH", site.path.string()},
                      {"WOBACKUP_TYPE", std::string(name_of(type))},
                      {"WOBACKUP_REASON", reason}};
  if (!archive.empty()) variables.emplace_back("WOBACKUP_ARCHIVE", archive.string());
  if (config.file) variables.emplace_back("WOBACKUP_CONFIG", config.file->string());
  return variables;
}

void require_runnable(const GuardCommand& command, const Site& site) {
  if (command.argv.empty() || command.argv[0].empty()) throw Error(ErrorKind::usage, "there is no command to guard");
  if (std::any_of(command.argv.begin(), command.argv.end(), holds_nul)) {
    throw Error(ErrorKind::usage, "the command has a NUL in it");
  }
  const std::string& program = command.argv[0];
  if (program.find('/') != std::string::npos && program[0] != '/') {
    throw Error(ErrorKind::usage, fmt::format("{} is neither a name nor an absolute path", printable(program)));
  }
  const CommandUser user = command_user(site, command.user);
  const std::string path = value_of(environment_of(command, user, {}), "PATH");
  if (!find_program(program, path)) {
    throw Error(ErrorKind::usage, fmt::format("program not found: {}", printable(program)),
                program[0] == '/' ? "is it executable?" : "it is looked for in " + path + "; nothing was changed");
  }
}

CommandEnd run_guard_command(const GuardCommand& command, const CommandSurroundings& surroundings) {
  require_runnable(command, surroundings.site);
  const CommandUser user = command_user(surroundings.site, command.user);
  const UniqueFd folder = open_trusted_directory(surroundings.site.path, false);
  AttendedCommand attended;
  attended.argv = command.argv;
  attended.environment = environment_of(command, user, surroundings.variables);
  if (user.changes) attended.run_as = user.identity;
  attended.working_folder = folder.get();
  attended.in = command.in;
  attended.out = command.out;
  attended.err = command.err;
  if (surroundings.lock_fd >= 0) attended.held = {surroundings.lock_fd};
  Attendance attendance;
  const auto timeout = command.timeout ? command.timeout : surroundings.config.guard.timeout;
  if (timeout) attendance.timeout = *timeout;
  attendance.cancelled = surroundings.cancelled;
  const Attended ended = run_attended(attended, attendance);
  CommandEnd end;
  if (ended.status.signal != 0) {
    end.signal = ended.status.signal;
  } else {
    end.exit_code = ended.status.code;
  }
  end.timed_out = ended.timed_out;
  end.interrupted = ended.cancelled;
  return end;
}

std::optional<std::string> failure_of(const CommandEnd& end) {
  if (end.timed_out) return "the command took too long, and was ended";
  if (end.interrupted) return "the command was interrupted";
  if (end.signal) return fmt::format("the command was killed by signal {}", *end.signal);
  if (end.exit_code == 0) return std::nullopt;
  return fmt::format("the command ended with exit status {}", end.exit_code.value_or(-1));
}

}  // namespace wobackup
