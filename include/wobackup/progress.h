// What a running operation tells about itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace wobackup {

/// A snapshot of a running operation's counters. Bytes are of the plaintext (files and dump), not of the archive.
struct Progress {
  std::string site;
  /// A backup's are "files", "database", "finish". What is brought back is "restore"; then, in place and in a drill,
  /// the counters begin anew with "database". Others are "fetch", "copy", "verify", "exchange", "check", "wordpress".
  std::string phase;
  std::uint64_t files_done = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_written = 0;           ///< of the archive so far
  std::optional<std::uint64_t> files_total;  ///< known once the scan has ended
  std::optional<std::uint64_t> bytes_total;  ///< an estimate: the dump's size is not known before it ends
  std::chrono::milliseconds elapsed{0};

  /// 0 to 1, never falling behind an earlier value by more than the estimate was wrong; nothing while unknown.
  [[nodiscard]] std::optional<double> fraction_done() const;
  [[nodiscard]] std::optional<std::chrono::seconds> remaining() const;
};

/// Called about ten times a second from a thread of the operation, never from two at once. It must not throw.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace wobackup
