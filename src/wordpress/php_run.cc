#include "wordpress/php_run.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kLongestFileInIsolation = std::uint64_t{64} << 20U;
// Of the user, its PHP-FPM and nginx workers included.
constexpr std::uint64_t kMostProcesses = 2048;
constexpr std::size_t kErrorBytes = std::size_t{256} << 10U;

std::vector<ResourceLimit> resource_limits(const PhpLimits& limits) {
  const auto seconds = static_cast<std::uint64_t>(limits.cpu_time.count());
  std::vector<ResourceLimit> all{{RLIMIT_CORE, 0},
                                 {RLIMIT_CPU, seconds + 5},
                                 {RLIMIT_NPROC, kMostProcesses},
                                 // PHP's own limit can be lifted by the code it runs; this one cannot. PHP itself
                                 // reserves much that it never uses.
                                 {RLIMIT_AS, 2 * limits.memory_bytes + (std::uint64_t{1} << 30U)}};
  if (limits.isolated) all.push_back({RLIMIT_FSIZE, kLongestFileInIsolation});
  return all;
}

std::vector<std::string> argv_for(const PhpProgram& php, const PhpLimits& limits, int script_fd) {
  std::vector<std::string> argv{php.path.string()};
  for (const std::string& setting :
       {std::string("display_errors=stderr"), std::string("log_errors=0"), std::string("html_errors=0"),
        // Traces show the arguments of calls, passwords among them.
        std::string("zend.exception_ignore_args=1"), fmt::format("max_execution_time={}", limits.cpu_time.count()),
        fmt::format("memory_limit={}", limits.memory_bytes), std::string("sendmail_path=/bin/false"),
        std::string("auto_prepend_file="), std::string("auto_append_file="), std::string("output_buffering=0"),
        std::string("opcache.enable_cli=0"), std::string("default_socket_timeout=10"),
        std::string("phar.readonly=1")}) {
    argv.emplace_back("-d");
    argv.push_back(setting);
  }
  argv.emplace_back("-f");
  argv.push_back(fmt::format("/dev/fd/{}", script_fd));
  return argv;
}

void check_user(const SiteUser& user) {
  if (user.uid == 0 || (::geteuid() == 0 && user.gid == 0)) {
    throw Error(ErrorKind::failed, "no site's code is run as root");
  }
  if (::geteuid() != 0 && ::geteuid() != user.uid) {
    throw Error(ErrorKind::failed, fmt::format("only root can run PHP as user {}", user.uid));
  }
}

}  // namespace

bool is_php_version(std::string_view text) {
  const auto parts = split(text, '.');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.size() <= 2 &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return parts.size() == 2 && is_number(parts[0]) && is_number(parts[1]);
}

PhpProgram find_php(const std::optional<std::filesystem::path>& configured,
                    const std::optional<std::string>& php_version) {
  if (configured) {
    if (const auto path = find_program(configured->string())) return {*path, {}};
    throw Error(ErrorKind::not_found, fmt::format("program not found: {}", configured->string()));
  }
  const bool known = php_version && is_php_version(*php_version);
  if (known) {
    if (const auto path = find_program("php" + *php_version)) return {*path, {}};
  }
  if (const auto path = find_program("php")) {
    return {*path, known ? fmt::format("php{} is not installed as a command, so php was taken", *php_version) : ""};
  }
  throw Error(ErrorKind::not_found, "PHP's command line program is not installed",
              known ? fmt::format("apt install php{}-cli", *php_version) : "apt install php-cli");
}

Watched run_php(const PhpProgram& php, const PhpScript& script, const SiteUser& user, const PhpLimits& limits,
                const Cancellation& cancellation) {
  check_user(user);
  const UniqueFd text = secret_file(script.text);
  Command command;
  if (::geteuid() == 0) {
    // PHP opens it anew, as the site's user. The seals keep it as it is.
    if (::fchown(text.get(), user.uid, user.gid) != 0) throw system_error("cannot hand over a memory file", errno);
    command.run_as = {user.uid, user.gid};
  }
  command.argv = argv_for(php, limits, text.get());
  command.inherit = {text.get()};
  command.confinement = Confinement{.own_network = limits.isolated,
                                    .nice = limits.nice,
                                    .umask = 077,
                                    .working_folder = script.folder,
                                    .limits = resource_limits(limits)};
  WatchLimits watch;
  watch.timeout = limits.time;
  watch.out_bytes = limits.output_bytes;
  watch.err_bytes = kErrorBytes;
  watch.end_when_full = true;
  watch.enough = script.enough;
  watch.cancellation = &cancellation;
  return run_watched(command, watch);
}

}  // namespace wobackup
