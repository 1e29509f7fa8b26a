// What lies between fork and exec, where only async-signal-safe calls are allowed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace wobackup {

/// A pipe, close-on-exec.
struct Pipe {
  UniqueFd read_end, write_end;
};
[[nodiscard]] Pipe make_pipe();

/// A program with its arguments and environment in the form that execve takes. Made before fork; neither copied nor
/// moved, since it points into itself.
class ProgramImage {
 public:
  /// `argv` outlives it. An environment that names no PATH gets this process's, one that names no LANG gets LC_ALL=C.
  /// argv[0] is looked up in that PATH if it has no '/'. Throws Error not_found if the program is missing.
  ProgramImage(const std::vector<std::string>& argv,
               const std::vector<std::pair<std::string, std::string>>& environment);
  ProgramImage(const ProgramImage&) = delete;
  ProgramImage& operator=(const ProgramImage&) = delete;

  [[nodiscard]] const std::string& program() const noexcept { return program_; }
  /// Returns only if it failed, with errno.
  void exec() const noexcept;

 private:
  std::string program_;
  std::vector<char*> argv_;
  std::vector<std::string> environment_text_;
  std::vector<char*> environment_;
};

/// Closes every descriptor from 3 on that is not in `keep`, which is sorted. Close-on-exec covers our own; this covers
/// those of a program that uses the library.
void close_others(const std::vector<int>& keep) noexcept;
/// Not by the C library's functions: those would also tell the parent's other threads, which are not here.
[[nodiscard]] bool change_identity(unsigned uid, unsigned gid, const std::vector<unsigned>& groups) noexcept;
/// Nothing blocked, and what an interrupted parent would ignore has its usual effect.
void reset_signals() noexcept;

/// Tells the parent why the program could not be started, and ends.
[[noreturn]] void report_and_exit(int report, int error_number) noexcept;
/// What a child has reported by then: errno, or 0 once the pipe was closed by its exec.
[[nodiscard]] int reported_error(int report) noexcept;

}  // namespace wobackup
