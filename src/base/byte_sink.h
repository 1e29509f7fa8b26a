// Where a stream of bytes goes.
#pragma once

#include "base/bytes.h"

namespace wobackup {

/// A stream of unknown length that may have to begin anew (a dump during which the schema changed). Used from one
/// thread. Both throw Error.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink() = default;
  /// Takes all of the bytes before it returns. Blocks while the receiver is busy.
  virtual void write(ByteSpan bytes) = 0;
  /// Forgets everything written so far.
  virtual void restart() = 0;
};

}  // namespace wobackup
