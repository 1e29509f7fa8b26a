#include "autoupdate/wp_cli.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file_io.h"
#include "base/subprocess.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kMemoryBytes = std::uint64_t{512} << 20U;
constexpr std::uint64_t kMostProcesses = 2048;  // of the user, its PHP-FPM included
constexpr std::size_t kOutBytes = std::size_t{4} << 20U;
constexpr std::size_t kErrBytes = std::size_t{256} << 10U;
constexpr std::size_t kQuotedBytes = 500;

// A phar begins like a script.
bool is_php(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<std::byte, 256> head{};
  if (!fd) return false;
  const std::size_t size = read_up_to(fd.get(), head, path);
  const std::string_view text = text_of(ByteSpan(head.data(), size));
  if (text.starts_with("<?php")) return true;
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.starts_with("#!") && line.find("php") != std::string_view::npos;
}

std::string home_of(unsigned uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(65536);
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return "/nonexistent";
  return entry.pw_dir;
}

std::vector<std::string> php_argv(const PhpProgram& php) {
  std::vector<std::string> argv{php.path.string()};
  for (const std::string& setting :
       {fmt::format("memory_limit={}", kMemoryBytes), std::string("max_execution_time=0"),
        std::string("display_errors=stderr"), std::string("log_errors=0"), std::string("html_errors=0"),
        // Traces show the arguments of calls, passwords among them.
        std::string("zend.exception_ignore_args=1"), std::string("auto_prepend_file="),
        std::string("auto_append_file="), std::string("opcache.enable_cli=0")}) {
    argv.emplace_back("-d");
    argv.push_back(setting);
  }
  return argv;
}

// The line that tells most: PHP's own, which names plugin and line where WP-CLI's is "There has been a critical error";
// else WP-CLI's, else the last one.
std::string_view telling_line(std::string_view text) {
  std::string_view error, last;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view trimmed = trim(line);
    if (trimmed.find("Fatal error: ") != std::string_view::npos ||
        trimmed.find("Parse error: ") != std::string_view::npos) {
      return trimmed;
    }
    if (error.empty() && trimmed.starts_with("Error: ")) error = trimmed;
    if (!trimmed.empty()) last = trimmed;
  }
  return error.empty() ? last : error;
}

std::string reason(const WpRun& run) {
  switch (run.watched.end) {
    case WatchEnd::out_of_time:
      return fmt::format("it did not end within {} seconds", run.time_limit.count());
    case WatchEnd::too_much_output:
      return fmt::format("it printed more than {}", human_size(kOutBytes));
    default:
      break;
  }
  std::string_view line = telling_line(run.watched.err);
  if (line.empty()) line = telling_line(run.watched.out);
  std::string text = run.watched.status.text();
  if (!line.empty()) text += ": " + printable(line.substr(0, kQuotedBytes));
  return text;
}

}  // namespace

std::filesystem::path wp_cli_path(const Config& config) {
  const std::string wanted = config.autoupdate.wp ? config.autoupdate.wp->string() : "wp";
  const std::optional<std::string> path = find_program(wanted);
  if (!path) {
    throw Error(ErrorKind::failed, fmt::format("WP-CLI is not there: {}", printable(wanted)),
                "`wo stack install --wpcli` brings it; or set autoupdate.wp to its path");
  }
  return *path;
}

WpProgram find_wp_cli(const Config& config, const std::optional<std::string>& php_version) {
  WpProgram program{wp_cli_path(config), std::nullopt};
  if (is_php(program.path)) program.php = find_php(config.server.php, php_version);
  return program;
}

bool is_wordpress(const Site& site) {
  struct stat status {};
  return ::stat((htdocs_of(site) / "wp-load.php").c_str(), &status) == 0;
}

WpCli::WpCli(const Site& site, const Config& config, const Cancellation& cancellation)
    : program_(find_wp_cli(config, site.record.php_version)),
      folder_(::open(site.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      timeout_(config.autoupdate.timeout),
      cancellation_(cancellation) {
  if (!folder_) throw system_error(fmt::format("cannot open {}", site.path.string()), errno);
  const UniqueFd htdocs(::openat(folder_.get(), "htdocs", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!htdocs) throw system_error(fmt::format("cannot open {}", htdocs_of(site).string()), errno);
  user_ = site_user(htdocs.get(), folder_.get(), site.name);
  home_ = home_of(user_.uid);
}

WpRun WpCli::run(const std::vector<std::string>& words) const {
  Command command;
  if (program_.php) command.argv = php_argv(*program_.php);
  command.argv.push_back(program_.path.string());
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  for (const char* word : {"--path=htdocs", "--no-color", "--skip-packages"}) command.argv.emplace_back(word);
  command.environment = {{"HOME", home_},
                         // Nothing of another site's user is taken from a cache that both can write to.
                         {"WP_CLI_CACHE_DIR", "/dev/null"},
                         {"WP_CLI_CONFIG_PATH", "/dev/null"},
                         {"WP_CLI_DISABLE_AUTO_CHECK_UPDATE", "1"},
                         {"WP_CLI_PHP_ARGS", fmt::format("-d memory_limit={}", kMemoryBytes)}};
  if (::geteuid() == 0) command.run_as = {user_.uid, user_.gid};
  command.confinement = Confinement{
      .own_network = false,
      .nice = 5,
      // The web server reads what it writes.
      .umask = 022,
      .working_folder = folder_.get(),
      .limits = {
          {RLIMIT_CORE, 0}, {RLIMIT_NPROC, kMostProcesses}, {RLIMIT_AS, 2 * kMemoryBytes + (std::uint64_t{1} << 30U)}}};
  WatchLimits limits;
  limits.timeout = timeout_;
  limits.out_bytes = kOutBytes;
  limits.err_bytes = kErrBytes;
  limits.end_when_full = true;
  limits.cancellation = &cancellation_;
  WpRun run;
  run.command = "wp";
  for (const std::string& word : words) run.command += " " + printable(word);
  run.time_limit = timeout_;
  const auto started = std::chrono::steady_clock::now();
  run.watched = run_watched(command, limits);
  run.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  if (on_run_) on_run_(run);
  return run;
}

std::string end_text(const WpRun& run) {
  return run.watched.end == WatchEnd::by_itself ? run.watched.status.text() : reason(run);
}

Error wp_failure(const WpRun& run) {
  return {ErrorKind::failed, fmt::format("`{}` failed: {}", run.command, reason(run))};
}

}  // namespace wobackup
