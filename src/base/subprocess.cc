#include "base/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/bytes.h"
#include "base/child_setup.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/watched_run.h"

namespace wobackup {
namespace {

// The pipe through which a child says why it could not start; both ends are close-on-exec.
struct ReportPipe {
  int read_end, write_end;
};

// Whether the parent is gone. In a process namespace of one's own its id cannot be asked for, but a pipe that only the
// parent reads tells. REQUIRES: our copy of the read end is closed.
bool parent_is_gone(pid_t parent, int report) noexcept {
  const pid_t now = ::getppid();
  if (now != 0) return now != parent;
  pollfd state{report, POLLOUT, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLERR) != 0;
}

bool apply_limits(const Confinement& confinement) noexcept {
  for (const ResourceLimit& limit : confinement.limits) {
    const rlimit both{limit.value, limit.value};
    if (::syscall(SYS_prlimit64, 0, limit.resource, &both, nullptr) != 0) return false;
  }
  ::umask(confinement.umask);
  return confinement.nice == 0 || ::setpriority(PRIO_PROCESS, 0, confinement.nice) == 0;
}

[[noreturn]] void become_child(const ProgramImage& image, const std::vector<int>& inherit, const Command& command,
                               int out, int err, ReportPipe pipe, pid_t parent) noexcept {
  const int report = pipe.write_end;
  const auto fail = [report] { report_and_exit(report, errno); };
  ::close(pipe.read_end);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (parent_is_gone(parent, report)) ::_exit(127);
  if (command.confinement && ::setsid() < 0) fail();
  reset_signals();
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) fail();
  for (const int fd : inherit) {
    if (fd != report && ::fcntl(fd, F_SETFD, 0) != 0) fail();
  }
  if (command.confinement && !apply_limits(*command.confinement)) fail();
  if (command.run_as) {
    if (!change_identity(command.run_as->first, command.run_as->second, {})) fail();
    // Changing identity clears the death signal.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent_is_gone(parent, report)) ::_exit(127);
  }
  if (command.confinement) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail();
    // As the new identity: a folder that it may not enter is not handed to it.
    const int folder = command.confinement->working_folder;
    if (folder >= 0 && ::fchdir(folder) != 0) fail();
  }
  close_others(inherit);
  image.exec();
  report_and_exit(report, errno);
}

// A new process: like fork, in namespaces of its own if the confinement wants them. Throws Error failed.
pid_t start_process(const std::optional<Confinement>& confinement, const std::string& program) {
  if (confinement) {
    const unsigned long network = confinement->own_network ? CLONE_NEWNET : 0UL;
    const long pid = ::syscall(SYS_clone, CLONE_NEWPID | network | SIGCHLD, 0UL, 0UL, 0UL, 0UL);
    if (pid >= 0) return static_cast<pid_t>(pid);
    if (confinement->own_network) {
      throw Error(ErrorKind::failed, fmt::format("the network could not be cut off: {}", errno_text(errno)),
                  "root can do it, unless a container forbids it: it needs CAP_SYS_ADMIN");
    }
  }
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error(fmt::format("cannot start {}", program), errno);
  return pid;
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal != 0) return fmt::format("killed by signal {}", signal);
  return fmt::format("exit status {}", code);
}

std::optional<std::string> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  return find_program(name, path != nullptr ? path : "");
}

std::optional<std::string> find_program(const std::string& name, std::string_view path) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  for (const std::string_view folder : split(path.empty() ? kDefaultPath : path, ':')) {
    if (folder.empty() || folder[0] != '/') continue;  // never a program from the working directory
    std::string candidate = fmt::format("{}/{}", folder, name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

Subprocess::Subprocess(const Command& command) {
  const ProgramImage image(command.argv, command.environment);
  Pipe out = make_pipe(), err = make_pipe(), report = make_pipe();
  std::vector<int> inherit = command.inherit;
  inherit.push_back(report.write_end.get());
  std::sort(inherit.begin(), inherit.end());

  const pid_t parent = ::getpid();
  leads_group_ = command.confinement.has_value();
  pid_ = start_process(command.confinement, image.program());
  if (pid_ == 0) {
    become_child(image, inherit, command, out.write_end.get(), err.write_end.get(),
                 {report.read_end.get(), report.write_end.get()}, parent);
  }
  out.write_end.reset();
  err.write_end.reset();
  report.write_end.reset();
  if (const int error_number = reported_error(report.read_end.get()); error_number != 0) {
    wait();
    throw system_error(fmt::format("cannot start {}", image.program()), error_number);
  }
  out_ = std::move(out.read_end);
  err_ = std::move(err.read_end);
}

Subprocess::~Subprocess() {
  if (pid_ > 0 && !status_) {
    kill(SIGKILL);
    wait();
  }
}

ExitStatus Subprocess::wait() {
  if (status_) return *status_;
  if (leads_group_) {
    // What it left behind ends too, while its id is still its own.
    siginfo_t ended{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    ::kill(-pid_, SIGKILL);
  }
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
  if (pid_ > 0 && !status_) ::kill(leads_group_ ? -pid_ : pid_, signal_number);
}

Collected run_collecting(const Command& command, std::chrono::milliseconds timeout, std::size_t limit_bytes) {
  WatchLimits limits;
  limits.timeout = timeout;
  limits.out_bytes = limits.err_bytes = limit_bytes;
  Watched result = run_watched(command, limits);
  if (result.end == WatchEnd::out_of_time) {
    throw Error(ErrorKind::failed, fmt::format("{} took longer than {} ms", command.argv[0], timeout.count()));
  }
  return {result.status, std::move(result.out), std::move(result.err)};
}

}  // namespace wobackup
