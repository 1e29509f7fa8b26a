// A program of the admin's, as the site's user.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/safe_path.h"
#include "base/text.h"
#include "base/watched_run.h"
#include "guard/check.h"
#include "guard/command_user.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestLine = 300;

std::string last_line(std::string_view text) {
  const std::string_view said = trim(text);
  return printable(said.substr(said.rfind('\n') + 1).substr(0, kLongestLine));
}

std::string text_of(const Watched& run, const CommandCheck& check) {
  const std::string how = run.end == WatchEnd::out_of_time
                              ? fmt::format("did not end within {} seconds", check.timeout.count())
                              : fmt::format("ended with {}", run.status.text());
  const std::string said = last_line(trim(run.err).empty() ? run.out : run.err);
  return fmt::format("{} {}{}{}", printable(check.program.string()), how, said.empty() ? "" : ": ", said);
}

}  // namespace

CheckLook look(const CommandCheck& check, const CheckContext& context) {
  CheckLook seen;
  try {
    const CommandUser user = command_user(context.site, std::nullopt);
    const UniqueFd folder = open_trusted_directory(context.site.path, false);
    Command command;
    command.argv = {check.program.string()};
    command.environment = user.environment;
    command.environment.insert(command.environment.end(), context.variables.begin(), context.variables.end());
    if (user.changes) command.run_as = {user.identity.uid, user.identity.gid};
    command.confinement = Confinement{.umask = 022, .working_folder = folder.get(), .limits = {}};
    WatchLimits limits;
    limits.timeout = check.timeout;
    limits.out_bytes = limits.err_bytes = std::size_t{64} << 10U;
    limits.cancellation = &context.cancellation;
    const Watched run = run_watched(command, limits);
    if (run.end == WatchEnd::out_of_time || !run.status.success()) seen.problem = text_of(run, check);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    seen.not_asked = error.message();
  }
  return seen;
}

}  // namespace wobackup
