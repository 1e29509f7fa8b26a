// The program: the real streams, the real screen, the real signals.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <new>
#include <string_view>

#include "cli/passphrase_prompt.h"
#include "cli/run.h"

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void on_signal(int) { interrupted.store(true); }

void handle_signals(int flags) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART | flags;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

// A file that is opened later must not take a stream's place.
void fill_closed_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDWR));
  }
}

// In the background a terminal is somebody else's to read from.
int readable_in() {
  const bool in_background = ::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) != ::getpgrp();
  return in_background ? -1 : STDIN_FILENO;
}

unsigned screen_width() {
  winsize size{};
  for (const int fd : {STDERR_FILENO, STDOUT_FILENO}) {
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 80;
}

bool reader_has_gone() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

bool wants_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') &&
         (terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb");
}

}  // namespace

int main(int argc, char** argv) {
  fill_closed_streams();
  std::ios::sync_with_stdio(false);
  handle_signals(static_cast<int>(SA_RESETHAND));  // a second Ctrl-C ends at once
  ::signal(SIGPIPE, SIG_IGN);
  // What a backup makes is for its owner only.
  ::umask(077);
  // A crash must not leave passwords in a core file.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // Nor in one that goes to a program, for which the limit does not count; nor may other processes look into this one.
  ::prctl(PR_SET_DUMPABLE, 0);
  wobackup::cli::Terminal terminal{.out = std::cout,
                                   .err = std::cerr,
                                   .in = std::cin,
                                   .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                                   .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
                                   .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
                                   .width = screen_width(),
                                   .colours = wants_colours(),
                                   .out_closed = reader_has_gone,
                                   .interrupted = [] { return interrupted.load(); },
                                   .stay = [] { handle_signals(0); },
                                   .in_fd = readable_in()};
  if (terminal.in_is_terminal && terminal.err_is_terminal) {
    terminal.ask_secret = [&terminal](const std::string& question) {
      return wobackup::cli::ask_passphrase(question, terminal.interrupted);
    };
  }
  try {
    return wobackup::cli::run({argv + 1, argv + argc}, terminal);
  } catch (const std::bad_alloc&) {
    std::cerr << "error: out of memory\n";
    return 1;
  }
}
