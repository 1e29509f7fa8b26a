// The command under test as a child process.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace wobackup::test {

constexpr unsigned kNobody = 65534;

struct Ended {
  int exit_code = -1;  // -1: by a signal
  int signal = 0;
  std::string output;  // both streams
};

/// Runs WOBACKUP_COMMAND with an empty environment and no terminal; ended by the destructor.
class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments, bool as_nobody = false) {
    const UniqueFd program(::open(WOBACKUP_COMMAND, O_RDONLY));  // nobody may have no way to its folder
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      std::vector<std::string> words{"wobackup"};
      words.insert(words.end(), arguments.begin(), arguments.end());
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::dup2(::open("/dev/null", O_RDONLY), 0);
      ::dup2(ends[1], 1);
      ::dup2(ends[1], 2);
      ::close(ends[0]);
      ::close(ends[1]);
      if (as_nobody && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(99);
      char* environment[] = {nullptr};
      ::fexecve(program.get(), argv.data(), environment);
      ::_exit(98);
    }
    ::close(ends[1]);
    out_.reset(ends[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void send(int signal) const { ::kill(pid_, signal); }
  Ended wait() {
    Ended ended;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(out_.get(), buffer, sizeof buffer)) > 0;) {
      ended.output.append(buffer, static_cast<std::size_t>(count));
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
    return ended;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd out_;
};

}  // namespace wobackup::test
