#include "base/child_setup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/subprocess.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("cannot make a pipe", errno);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

ProgramImage::ProgramImage(const std::vector<std::string>& argv,
                           const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto named = [&](std::string_view name) {
    return std::find_if(environment.begin(), environment.end(), [&](const auto& item) { return item.first == name; });
  };
  const char* path = std::getenv("PATH");
  const auto given_path = named("PATH");
  const std::string search = given_path != environment.end() ? given_path->second
                             : path != nullptr               ? path
                                                             : kDefaultPath;
  const std::optional<std::string> found = find_program(argv.at(0), search);
  if (!found) throw Error(ErrorKind::not_found, fmt::format("program not found: {}", printable(argv[0])));
  program_ = *found;
  for (const std::string& word : argv) argv_.push_back(const_cast<char*>(word.c_str()));
  argv_.push_back(nullptr);
  if (given_path == environment.end()) environment_text_.push_back("PATH=" + search);
  if (named("LANG") == environment.end()) environment_text_.emplace_back("LC_ALL=C");
  for (const auto& [name, value] : environment) environment_text_.push_back(fmt::format("{}={}", name, value));
  for (std::string& text : environment_text_) environment_.push_back(text.data());
  environment_.push_back(nullptr);
}

void ProgramImage::exec() const noexcept { ::execve(program_.c_str(), argv_.data(), environment_.data()); }

void close_others(const std::vector<int>& keep) noexcept {
  unsigned from = 3;
  for (const int fd : keep) {
    const auto number = static_cast<unsigned>(fd);
    if (number > from) ::syscall(SYS_close_range, from, number - 1, 0);
    from = std::max(from, number + 1);
  }
  ::syscall(SYS_close_range, from, ~0U, 0);
}

bool change_identity(unsigned uid, unsigned gid, const std::vector<unsigned>& groups) noexcept {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0 && ::syscall(SYS_setgid, gid) == 0 &&
         ::syscall(SYS_setuid, uid) == 0;
}

void reset_signals() noexcept {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) ::signal(number, SIG_DFL);
}

void report_and_exit(int report, int error_number) noexcept {
  [[maybe_unused]] const ssize_t count = ::write(report, &error_number, sizeof error_number);
  ::_exit(127);
}

int reported_error(int report) noexcept {
  int error_number = 0;
  ssize_t count = 0;
  do {
    count = ::read(report, &error_number, sizeof error_number);
  } while (count < 0 && errno == EINTR);
  return count == static_cast<ssize_t>(sizeof error_number) ? error_number : 0;
}

}  // namespace wobackup
