// Other programs: started with an argument vector, never through a shell.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace wobackup {

/// Where programs are looked for if the environment does not say.
inline constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A resource limit for setrlimit: RLIMIT_CORE, RLIMIT_FSIZE, ...; soft and hard.
struct ResourceLimit {
  int resource = 0;
  std::uint64_t value = 0;
};

/// Limits for a program that runs other people's code. Such a program has a session of its own (no terminal), no way to
/// gain rights by setuid programs, and everything that it starts ends with it: by a process namespace where the kernel
/// allows one, by its process group elsewhere (which a hostile program can leave).
struct Confinement {
  bool own_network = false;  ///< a network namespace without any interface: Unix sockets in the file system still work
  int nice = 0;
  unsigned umask = 077;
  int working_folder = -1;  ///< a descriptor; -1: that of this process
  std::vector<ResourceLimit> limits;
};

/// What to start. Descriptors in `inherit` stay open in the child under the same number; all others are closed.
struct Command {
  std::vector<std::string> argv;                                 ///< argv[0] is looked up in PATH if it has no '/'
  std::vector<std::pair<std::string, std::string>> environment;  ///< exactly this; see ProgramImage
  std::vector<int> inherit;
  std::optional<std::pair<unsigned, unsigned>> run_as;  ///< uid, gid; without other groups
  std::optional<Confinement> confinement = std::nullopt;
};

/// How a program ended.
struct ExitStatus {
  int code = -1;   ///< exit status, or -1
  int signal = 0;  ///< signal that ended it, or 0
  [[nodiscard]] bool success() const noexcept { return code == 0; }
  [[nodiscard]] std::string text() const;  ///< "exit status 2", "killed by signal 9"
};

/// A running child with its stdout and stderr as pipes and stdin from /dev/null. The destructor kills and reaps it.
/// The child is killed too when the thread that started it ends, so that a killed backup leaves no dump running:
/// start it from a thread that outlives it.
class Subprocess {
 public:
  /// Throws Error not_found if the program is missing, failed otherwise ("the network could not be cut off" if a
  /// network namespace was asked for and the kernel refuses it).
  explicit Subprocess(const Command& command);
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;
  ~Subprocess();

  [[nodiscard]] int out_fd() const noexcept { return out_.get(); }  ///< blocking
  [[nodiscard]] int err_fd() const noexcept { return err_.get(); }  ///< blocking
  [[nodiscard]] int pid() const noexcept { return pid_; }
  /// Waits for the end. May be called again.
  ExitStatus wait();
  void kill(int signal_number) noexcept;

 private:
  int pid_ = -1;
  bool leads_group_ = false;
  std::optional<ExitStatus> status_;
  UniqueFd out_;
  UniqueFd err_;
};

/// Runs a program to its end and collects at most `limit_bytes` of each stream (the rest is read and dropped).
/// A program that runs longer than `timeout` is killed, and Error failed is thrown.
struct Collected {
  ExitStatus status;
  std::string out;
  std::string err;
};
[[nodiscard]] Collected run_collecting(const Command& command, std::chrono::milliseconds timeout,
                                       std::size_t limit_bytes = std::size_t{1} << 20U);

/// The absolute path of a program in PATH; nothing if there is none.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);
/// The same in the folders of `path`, which is like PATH.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name, std::string_view path);

}  // namespace wobackup
