#include "base/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/bytes.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Pipe {
  UniqueFd read_end, write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("cannot make a pipe", errno);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Everything the child needs, prepared before fork: between fork and exec only async-signal-safe calls are allowed.
struct Prepared {
  std::string program;
  std::vector<char*> argv;
  std::vector<std::string> environment_text;
  std::vector<char*> environment;
  std::vector<int> inherit;
};

// Closes every descriptor that was not asked for. `keep` is sorted. Close-on-exec covers our own descriptors; this
// covers those of a program that uses the library.
void close_others(const std::vector<int>& keep) noexcept {
  unsigned from = 3;
  for (const int fd : keep) {
    const auto number = static_cast<unsigned>(fd);
    if (number > from) ::syscall(SYS_close_range, from, number - 1, 0);
    from = std::max(from, number + 1);
  }
  ::syscall(SYS_close_range, from, ~0U, 0);
}

[[noreturn]] void become_child(const Prepared& prepared, const Command& command, int out, int err, int report,
                               pid_t parent) noexcept {
  const auto fail = [report] {
    const int error_number = errno;
    [[maybe_unused]] const ssize_t count = ::write(report, &error_number, sizeof error_number);
    ::_exit(127);
  };
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) fail();
  for (const int fd : prepared.inherit) {
    if (fd != report && ::fcntl(fd, F_SETFD, 0) != 0) fail();
  }
  if (command.run_as) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(command.run_as->second) != 0 || ::setuid(command.run_as->first) != 0) {
      fail();
    }
    // Changing identity clears the death signal.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
  }
  close_others(prepared.inherit);
  ::execve(prepared.program.c_str(), prepared.argv.data(), prepared.environment.data());
  fail();
  ::_exit(127);
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal != 0) return fmt::format("killed by signal {}", signal);
  return fmt::format("exit status {}", code);
}

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path != nullptr && *path != '\0' ? path : kDefaultPath, ':')) {
    if (folder.empty() || folder[0] != '/') continue;  // never a program from the working directory
    std::string candidate = fmt::format("{}/{}", folder, name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

Subprocess::Subprocess(const Command& command) {
  const std::optional<std::string> program = find_program(command.argv.at(0));
  if (!program) throw Error(ErrorKind::not_found, fmt::format("program not found: {}", command.argv[0]));
  Prepared prepared{.program = *program, .argv = {}, .environment_text = {}, .environment = {}, .inherit = {}};
  for (const std::string& word : command.argv) prepared.argv.push_back(const_cast<char*>(word.c_str()));
  prepared.argv.push_back(nullptr);
  const char* path = std::getenv("PATH");
  prepared.environment_text = {fmt::format("PATH={}", path != nullptr ? path : kDefaultPath), "LC_ALL=C"};
  for (const auto& [name, value] : command.environment) {
    prepared.environment_text.push_back(fmt::format("{}={}", name, value));
  }
  for (std::string& text : prepared.environment_text) prepared.environment.push_back(text.data());
  prepared.environment.push_back(nullptr);

  Pipe out = make_pipe(), err = make_pipe(), report = make_pipe();
  prepared.inherit = command.inherit;
  prepared.inherit.push_back(report.write_end.get());
  std::sort(prepared.inherit.begin(), prepared.inherit.end());

  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw system_error(fmt::format("cannot start {}", *program), errno);
  if (pid_ == 0) {
    become_child(prepared, command, out.write_end.get(), err.write_end.get(), report.write_end.get(), parent);
  }
  out.write_end.reset();
  err.write_end.reset();
  report.write_end.reset();
  int error_number = 0;
  ssize_t count = 0;
  do {
    count = ::read(report.read_end.get(), &error_number, sizeof error_number);
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof error_number)) {
    wait();
    throw system_error(fmt::format("cannot start {}", *program), error_number);
  }
  out_ = std::move(out.read_end);
  err_ = std::move(err.read_end);
}

Subprocess::~Subprocess() {
  if (pid_ > 0 && !status_) {
    ::kill(pid_, SIGKILL);
    wait();
  }
}

ExitStatus Subprocess::wait() {
  if (status_) return *status_;
  int raw = 0;
  while (::waitpid(pid_, &raw, 0) < 0) {
    if (errno != EINTR) {
      status_ = ExitStatus{};
      return *status_;
    }
  }
  status_ = WIFSIGNALED(raw) ? ExitStatus{.code = -1, .signal = WTERMSIG(raw)}
                             : ExitStatus{.code = WEXITSTATUS(raw), .signal = 0};
  return *status_;
}

void Subprocess::kill(int signal_number) noexcept {
  if (pid_ > 0 && !status_) ::kill(pid_, signal_number);
}

Collected run_collecting(const Command& command, std::chrono::milliseconds timeout, std::size_t limit_bytes) {
  Subprocess child(command);
  Collected result;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  struct Stream {
    int fd;
    std::string& text;
  };
  std::array<Stream, 2> streams{{{child.out_fd(), result.out}, {child.err_fd(), result.err}}};
  std::array<pollfd, 2> waits{{{streams[0].fd, POLLIN, 0}, {streams[1].fd, POLLIN, 0}}};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      throw Error(ErrorKind::failed, fmt::format("{} took longer than {} ms", command.argv[0], timeout.count()));
    }
    if (::poll(waits.data(), waits.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) {
      throw system_error("cannot wait for a program", errno);
    }
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      std::array<char, 65536> buffer{};
      const ssize_t count = ::read(waits[i].fd, buffer.data(), buffer.size());
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count <= 0) {
        waits[i].fd = -1;
        continue;
      }
      std::string& text = streams[i].text;
      text.append(buffer.data(),
                  std::min(static_cast<std::size_t>(count), limit_bytes - std::min(limit_bytes, text.size())));
    }
  }
  result.status = child.wait();
  return result;
}

}  // namespace wobackup
