// The bytes of a regular file on their way into a backup.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "container/entry.h"

namespace wobackup {

/// Where a file went wrong. `vanished`: it is not there any more. `unreadable`: `what` says why.
struct ContentProblem {
  enum class Kind { none, vanished, unreadable } kind = Kind::none;
  std::string what;
  [[nodiscard]] explicit operator bool() const noexcept { return kind != Kind::none; }
};

/// What happened to a file since it was opened.
enum class Stability { same, grew, changed };

/// One file, opened only when its turn comes. Used by one thread at a time, but not always the same; `read` by several
/// threads at once. Nothing here throws but for lack of memory: a file that cannot be read does not end a backup.
class Content {
 public:
  Content() = default;
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  virtual ~Content() = default;

  /// Opens the file (again) and brings `entry` up to date: size, times, mode, owner, attributes, sparse segments. The
  /// type and path stay.
  [[nodiscard]] virtual ContentProblem open(Entry& entry) = 0;
  /// Reads logical bytes at an offset; `count` is what was read, short only at the end of the file.
  [[nodiscard]] virtual ContentProblem read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& count) const = 0;
  /// Compares the open file with what `open` saw.
  [[nodiscard]] virtual Stability stability() const = 0;
  virtual void close() noexcept = 0;
};

}  // namespace wobackup
