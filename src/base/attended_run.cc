#include "base/attended_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/child_setup.h"
#include "base/system_error.h"

namespace wobackup {
namespace {

constexpr int kAskEveryMs = 100;
constexpr unsigned char kEndAll = 0;  // on the control pipe; any other byte is a signal for the program's group

// What passes between this process and the keeper, and what the program gets.
struct Strings {
  Pipe report = make_pipe();  // errno of a program that could not be started
  Pipe control;               // to the keeper; its end means that this process is gone
  Pipe ended = make_pipe();   // the raw wait status
  UniqueFd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  std::vector<int> kept_by_keeper, kept_by_program;  // sorted

  explicit Strings(const AttendedCommand& command) {
    // A socket, since writing to it when the keeper is gone must raise no signal.
    std::array<int, 2> ends{};
    if (!nothing || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw system_error("cannot make a pipe", errno);
    }
    control = {UniqueFd(ends[0]), UniqueFd(ends[1])};
    kept_by_program = {report.write_end.get()};
    kept_by_keeper = command.held;
    for (const int fd : {report.write_end.get(), control.read_end.get(), ended.write_end.get(), nothing.get(),
                         command.in, command.out, command.err, command.working_folder}) {
      if (fd > 2) kept_by_keeper.push_back(fd);
    }
    std::sort(kept_by_keeper.begin(), kept_by_keeper.end());
  }
};

// ---- In the keeper and the program's process: async-signal-safe calls only.

// A stream may be any descriptor, also 0 to 2 in another order: all are moved out of the way first.
bool set_streams(const AttendedCommand& command, int nothing) noexcept {
  std::array<int, 3> streams{command.in, command.out, command.err};
  for (int& stream : streams) {
    stream = ::fcntl(stream < 0 ? nothing : stream, F_DUPFD_CLOEXEC, 3);
    if (stream < 0) return false;
  }
  for (int number = 0; number < 3; ++number) {
    if (::dup2(streams[static_cast<std::size_t>(number)], number) < 0) return false;
  }
  return true;
}

[[noreturn]] void become_program(const ProgramImage& image, const AttendedCommand& command,
                                 const Strings& strings) noexcept {
  const int report = strings.report.write_end.get();
  const auto fail = [report] { report_and_exit(report, errno); };
  if (::setsid() < 0) fail();
  reset_signals();
  if (!set_streams(command, strings.nothing.get())) fail();
  ::umask(command.umask);
  if (command.run_as && !change_identity(command.run_as->uid, command.run_as->gid, command.run_as->groups)) fail();
  // As the new identity: a folder that it may not enter is not handed to it.
  if (command.working_folder >= 0 && ::fchdir(command.working_folder) != 0) fail();
  close_others(strings.kept_by_program);
  image.exec();
  report_and_exit(report, errno);
}

// Kills this process's children. False if they cannot be listed.
bool kill_children() noexcept {
  std::array<char, 4096> text{};
  const int fd = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t size = ::read(fd, text.data(), text.size());
  ::close(fd);
  pid_t child = 0;
  for (ssize_t at = 0; at < size; ++at) {
    const char digit = text[static_cast<std::size_t>(at)];
    if (digit >= '0' && digit <= '9') {
      child = child * 10 + (digit - '0');
    } else if (child > 0) {  // a number that is cut off waits for the next time
      ::kill(child, SIGKILL);
      child = 0;
    }
  }
  return true;
}

// Until none is left. The keeper adopts orphans, so that grandchildren become its own in turn.
void end_children(bool whole_namespace) noexcept {
  for (;;) {
    // Of a namespace's first process: everybody else in it. (/proc has other numbers for them.)
    if (whole_namespace) ::kill(-1, SIGKILL);
    if (!whole_namespace && !kill_children()) return;
    pid_t reaped = 0;
    while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (reaped < 0 && errno == ECHILD) return;
    ::poll(nullptr, 0, 1);
  }
}

// Whatever of a group was killed is gone only when it is reaped, which is the keeper's to do.
void wait_for_group(pid_t group) noexcept {
  constexpr int kMostRounds = 5000;  // of a millisecond; something that cannot be killed holds up nobody
  for (int round = 0; round < kMostRounds; ++round) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (::kill(-group, 0) != 0) return;
    ::poll(nullptr, 0, 1);
  }
}

// The program has ended, and is not reaped yet: its group's number is still its own.
[[noreturn]] void end_keeper(pid_t program, bool whole_namespace, bool end_all, int ended) noexcept {
  ::kill(-program, SIGKILL);
  int status = 0;
  while (::waitpid(program, &status, 0) < 0 && errno == EINTR) {
  }
  if (whole_namespace || end_all) {
    end_children(whole_namespace);
  } else {
    wait_for_group(program);
  }
  [[maybe_unused]] const ssize_t count = ::write(ended, &status, sizeof status);
  ::_exit(0);
}

[[noreturn]] void keep(pid_t program, int children_fd, const Strings& strings, bool whole_namespace,
                       bool end_all) noexcept {
  std::array<pollfd, 2> waits{{{children_fd, POLLIN, 0}, {strings.control.read_end.get(), POLLIN, 0}}};
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(program), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0) {
      end_keeper(program, whole_namespace, end_all, strings.ended.write_end.get());
    }
    // Orphans, in one go; the program itself stays until its status is wanted.
    for (;;) {
      siginfo_t orphan{};
      if (::waitid(P_ALL, 0, &orphan, WEXITED | WNOHANG | WNOWAIT) != 0 || orphan.si_pid == 0) break;
      if (orphan.si_pid == program) break;
      ::waitpid(orphan.si_pid, nullptr, WNOHANG);
    }
    ::poll(waits.data(), waits.size(), -1);
    if (waits[0].revents != 0) {
      signalfd_siginfo told{};
      [[maybe_unused]] const ssize_t count = ::read(children_fd, &told, sizeof told);
    }
    if (waits[1].revents == 0) continue;
    unsigned char byte = kEndAll;
    const ssize_t count = ::read(strings.control.read_end.get(), &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    end_all = true;
    if (count <= 0 || byte == kEndAll) {
      waits[1].fd = -1;
      ::kill(-program, SIGKILL);
    } else {
      ::kill(-program, byte);
    }
  }
}

[[noreturn]] void become_keeper(const ProgramImage& image, const AttendedCommand& command, const Strings& strings,
                                bool whole_namespace) noexcept {
  const int report = strings.report.write_end.get();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  close_others(strings.kept_by_keeper);
  if (!whole_namespace && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) report_and_exit(report, errno);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  const int children_fd = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (children_fd < 0) report_and_exit(report, errno);
  // Without the C library's fork, whose handlers belong to threads that are not here.
  const long program = ::syscall(SYS_clone, SIGCHLD, 0UL, 0UL, 0UL, 0UL);
  if (program < 0) report_and_exit(report, errno);
  if (program == 0) become_program(image, command, strings);
  ::close(report);
  // Another identity's program leaves nothing behind, also where there is no namespace to see to it.
  keep(static_cast<pid_t>(program), children_fd, strings, whole_namespace, command.run_as.has_value());
}

// ---- In this process.

// What a program may leave behind at a terminal that it was given.
class TerminalState {
 public:
  explicit TerminalState(int fd) : fd_(fd), flags_(fd < 0 ? -1 : ::fcntl(fd, F_GETFL)) {
    // In the background, setting it would stop this process.
    is_terminal_ = fd >= 0 && ::tcgetpgrp(fd) == ::getpgrp() && ::tcgetattr(fd, &settings_) == 0;
  }
  TerminalState(const TerminalState&) = delete;
  TerminalState& operator=(const TerminalState&) = delete;
  ~TerminalState() {
    if (flags_ >= 0) ::fcntl(fd_, F_SETFL, flags_);
    if (is_terminal_) ::tcsetattr(fd_, TCSANOW, &settings_);
  }

 private:
  int fd_;
  int flags_;
  bool is_terminal_ = false;
  termios settings_{};
};

class Keeper {
 public:
  Keeper(const AttendedCommand& command, const ProgramImage& image) : strings_(command) {
    long pid = command.run_as ? clone(CLONE_NEWPID) : -1;
    if (pid < 0) pid = clone(0);
    if (pid < 0) throw system_error(fmt::format("cannot start {}", image.program()), errno);
    if (pid == 0) become_keeper(image, command, strings_, ::getpid() == 1);
    pid_ = static_cast<pid_t>(pid);
    strings_.report.write_end.reset();
    strings_.control.read_end.reset();
    strings_.ended.write_end.reset();
    const int error_number = reported_error(strings_.report.read_end.get());
    if (error_number == 0) return;
    reap();
    throw system_error(fmt::format("cannot start {}", image.program()), error_number);
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper() {
    strings_.control.write_end.reset();
    reap();
  }

  // The program's end, if it comes within this time.
  std::optional<ExitStatus> wait(int milliseconds) {
    pollfd ended{strings_.ended.read_end.get(), POLLIN, 0};
    if (::poll(&ended, 1, milliseconds) <= 0) return std::nullopt;
    int raw = 0;
    const ssize_t count = ::read(ended.fd, &raw, sizeof raw);
    if (count < 0 && errno == EINTR) return std::nullopt;
    if (count != static_cast<ssize_t>(sizeof raw)) return ExitStatus{.code = -1, .signal = SIGKILL};
    return WIFSIGNALED(raw) ? ExitStatus{.code = -1, .signal = WTERMSIG(raw)}
                            : ExitStatus{.code = WEXITSTATUS(raw), .signal = 0};
  }

  void tell(unsigned char byte) noexcept {
    [[maybe_unused]] const ssize_t count = ::send(strings_.control.write_end.get(), &byte, 1, MSG_NOSIGNAL);
  }

 private:
  void reap() const noexcept {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  static long clone(unsigned long spaces) { return ::syscall(SYS_clone, spaces | SIGCHLD, 0UL, 0UL, 0UL, 0UL); }

  Strings strings_;
  pid_t pid_ = -1;
};

}  // namespace

Attended run_attended(const AttendedCommand& command, const Attendance& attendance) {
  using std::chrono::steady_clock;
  const ProgramImage image(command.argv, command.environment);
  const TerminalState in(command.in), out(command.out), err(command.err);
  Keeper keeper(command, image);
  Attended result;
  const auto started = steady_clock::now();
  std::optional<steady_clock::time_point> kill_at;
  for (;;) {
    const std::optional<ExitStatus> status = keeper.wait(kAskEveryMs);
    if (status) {
      result.status = *status;
      return result;
    }
    const auto now = steady_clock::now();
    if (!kill_at) {
      result.cancelled = attendance.cancelled && attendance.cancelled();
      result.timed_out = !result.cancelled && attendance.timeout && now - started >= *attendance.timeout;
      if (!result.cancelled && !result.timed_out) continue;
      keeper.tell(SIGTERM);
      kill_at = now + attendance.grace;
    } else if (now >= *kill_at) {
      keeper.tell(kEndAll);
      kill_at = steady_clock::time_point::max();
    }
  }
}

}  // namespace wobackup
