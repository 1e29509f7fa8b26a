#include "source/database/dump_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <thread>

#include "base/file_io.h"
#include "base/subprocess.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr int kPipeBytes = 1 << 20;  // the system's usual limit for one; holds more than comes in kGatherTime
constexpr std::chrono::milliseconds kGatherTime{1};
constexpr std::size_t kKeptMessage = 4096;
constexpr unsigned kNobody = 65534;

std::vector<std::string> arguments(const DumpProgram& program, int credentials_fd, const std::string& database,
                                   const std::vector<std::string>& views_left_out) {
  // --defaults-file comes first and alone: no other option file, the admin's own included, changes what is dumped.
  std::vector<std::string> argv{program.path,
                                fmt::format("--defaults-file=/dev/fd/{}", credentials_fd),
                                "--single-transaction",
                                "--quick",
                                "--hex-blob",
                                "--routines",
                                "--triggers",
                                "--events",
                                "--skip-dump-date",
                                "--no-tablespaces",
                                "--default-character-set=utf8mb4",
                                "--order-by-primary",
                                "--max-allowed-packet=1G",
                                "--comments"};
  if (!program.is_mariadb) {
    argv.emplace_back("--set-gtid-purged=OFF");
    argv.emplace_back("--column-statistics=0");
  }
  for (const std::string& view : views_left_out) argv.push_back(fmt::format("--ignore-table={}.{}", database, view));
  argv.emplace_back("--");
  argv.push_back(database);
  return argv;
}

std::optional<std::pair<unsigned, unsigned>> nobody() {
  if (::geteuid() != 0) return std::nullopt;
  const passwd* entry = ::getpwnam("nobody");
  return entry != nullptr ? std::pair{entry->pw_uid, entry->pw_gid} : std::pair{kNobody, kNobody};
}

// Reads a stream to its end, so that the program never waits for us, and keeps its beginning.
std::string drain(int fd) {
  std::string kept;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return kept;
    kept.append(buffer.data(),
                std::min(static_cast<std::size_t>(count), kKeptMessage - std::min(kKeptMessage, kept.size())));
  }
}

// What the program printed besides remarks that say nothing about the dump.
std::string complaints(const std::string& message) {
  std::string kept;
  for (const std::string_view line : split(message, '\n')) {
    if (trim(line).empty() || line.find("Deprecated program name") != std::string_view::npos ||
        line.find("[Warning]") != std::string_view::npos) {
      continue;
    }
    kept += (kept.empty() ? "" : "; ") + printable(trim(line));
  }
  return kept;
}

void pump(int fd, const std::function<void(ByteSpan)>& on_output, const Cancellation& cancellation) {
  ByteVector buffer(std::size_t{1} << 18U);
  while (true) {
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, 100);
    cancellation.check();
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot read the dump program's output", errno);
    if (count == 0) return;
    on_output({buffer.data(), static_cast<std::size_t>(count)});
    // The program writes 4 KiB at a time. Woken for each, this thread would spend more on waking than on reading.
    if (static_cast<std::size_t>(count) < buffer.size() / 2) std::this_thread::sleep_for(kGatherTime);
  }
}

}  // namespace

DumpProgram find_dump_program(const std::optional<std::filesystem::path>& configured) {
  DumpProgram program;
  if (configured) {
    program.path = configured->string();
  } else {
    for (const char* name : {"mariadb-dump", "mysqldump"}) {
      if (const auto path = find_program(name)) {
        program.path = *path;
        break;
      }
    }
  }
  if (program.path.empty()) {
    throw Error(ErrorKind::dump, "neither mariadb-dump nor mysqldump is installed", "apt install mariadb-client");
  }
  try {
    const Collected version =
        run_collecting({.argv = {program.path, "--version"}, .environment = {}, .inherit = {}, .run_as = {}},
                       std::chrono::seconds(30), 4096);
    program.version = printable(trim(version.out));
  } catch (const Error& error) {
    throw Error(ErrorKind::dump, error.message(), "check database.dump_program");
  }
  program.is_mariadb = program.version.find("MariaDB") != std::string::npos;
  return program;
}

void run_dump_program(const DumpProgram& program, const ServerLogin& login, const std::string& database,
                      const std::vector<std::string>& views_left_out, bool as_nobody,
                      const std::function<void(ByteSpan)>& on_output, const Cancellation& cancellation) {
  const UniqueFd credentials = secret_file(my_cnf_of(login));
  const auto identity = as_nobody ? nobody() : std::nullopt;
  if (identity && ::fchown(credentials.get(), identity->first, identity->second) != 0) {
    throw system_error("cannot hand the credentials to the dump program", errno);
  }
  Command command{.argv = arguments(program, credentials.get(), database, views_left_out),
                  .environment = {},
                  .inherit = {credentials.get()},
                  .run_as = identity};
  Subprocess child(command);
  ::fcntl(child.out_fd(), F_SETPIPE_SZ, kPipeBytes);
  std::string message;
  std::exception_ptr error;
  {
    const std::jthread errors([&] { message = drain(child.err_fd()); });
    try {
      pump(child.out_fd(), on_output, cancellation);
    } catch (...) {
      error = std::current_exception();
      child.kill(SIGKILL);
    }
  }
  if (error) std::rethrow_exception(error);
  const ExitStatus status = child.wait();
  message = complaints(message);
  // A program that complains and still ends with 0 has left something out.
  if (status.success() && message.empty()) return;
  throw Error(ErrorKind::dump, fmt::format("{} {}{}{}", std::filesystem::path(program.path).filename().string(),
                                           status.success() ? "complained" : "ended with " + status.text(),
                                           message.empty() ? "" : ": ", message));
}

}  // namespace wobackup
