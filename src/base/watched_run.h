// Running a program to its end while watching what it prints.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "base/subprocess.h"

namespace wobackup {

/// When a program is ended before it ends by itself.
struct WatchLimits {
  std::chrono::milliseconds timeout{60'000};
  std::size_t out_bytes = std::size_t{1} << 20U;
  std::size_t err_bytes = std::size_t{1} << 20U;
  bool end_when_full = false;  ///< more than `out_bytes` ends it; otherwise the rest is read and dropped
  /// Asked whenever stdout has grown; true ends the program: nothing more is wanted of it.
  std::function<bool(std::string_view out)> enough;
  const Cancellation* cancellation = nullptr;
};

/// Why the watching ended.
enum class WatchEnd { by_itself, out_of_time, too_much_output, enough };

/// What came of it.
struct Watched {
  WatchEnd end = WatchEnd::by_itself;
  ExitStatus status;
  std::string out;  ///< at most `out_bytes`
  std::string err;  ///< at most `err_bytes`
};

/// Runs a program and collects what it prints. A program that passes a limit is killed. Throws as Subprocess does, and
/// Error interrupted.
[[nodiscard]] Watched run_watched(const Command& command, const WatchLimits& limits);

}  // namespace wobackup
