// Where bytes go that are written once, front to back.
#pragma once

#include "base/bytes.h"

namespace wobackup {

/// Used from one thread at a time. Throws Error.
class ByteOutput {
 public:
  ByteOutput() = default;
  ByteOutput(const ByteOutput&) = delete;
  ByteOutput& operator=(const ByteOutput&) = delete;
  virtual ~ByteOutput() = default;
  virtual void write(ByteSpan bytes) = 0;
};

}  // namespace wobackup
