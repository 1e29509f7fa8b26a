// Somebody who looks at a stream's bytes at their own pace.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace wobackup {

/// Sees each byte once, in order. `offer` and `catch_up` come one at a time.
class ByteObserver {
 public:
  ByteObserver() = default;
  ByteObserver(const ByteObserver&) = delete;
  ByteObserver& operator=(const ByteObserver&) = delete;
  virtual ~ByteObserver() = default;

  /// More bytes. They stay where they are until they have been passed.
  virtual void offer(ByteSpan bytes) = 0;
  /// How many, from the stream's beginning, are no longer needed. From any thread.
  [[nodiscard]] virtual std::uint64_t passed_bytes() const noexcept = 0;
  /// Returns when so many have been passed, looking at them in this thread if nobody else does.
  virtual void catch_up(std::uint64_t bytes) = 0;
};

}  // namespace wobackup
