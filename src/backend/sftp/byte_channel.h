// Bytes to a program on another machine and back.
#pragma once

#include "base/bytes.h"

namespace wobackup {

/// Used from one thread at a time. After an Error other than interrupted it is of no use any more.
class ByteChannel {
 public:
  ByteChannel() = default;
  ByteChannel(const ByteChannel&) = delete;
  ByteChannel& operator=(const ByteChannel&) = delete;
  virtual ~ByteChannel() = default;
  /// Sends at least one byte; returns how many. Throws Error interrupted, when none was sent, or failed, retryable if
  /// the connection was lost. REQUIRES: there are some.
  [[nodiscard]] virtual std::size_t send(ByteSpan bytes) = 0;
  /// Receives at least one byte. Throws as `send`.
  [[nodiscard]] virtual std::size_t receive(MutableByteSpan buffer) = 0;
};

}  // namespace wobackup
