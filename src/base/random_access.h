// Something that can be read at any offset: a local file now, an object in a bucket later.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace wobackup {

/// May be read from several threads at once.
class RandomAccess {
 public:
  RandomAccess() = default;
  RandomAccess(const RandomAccess&) = delete;
  RandomAccess& operator=(const RandomAccess&) = delete;
  virtual ~RandomAccess() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Fills the buffer as far as the data goes; returns the number of bytes, short only at the end. Throws Error.
  [[nodiscard]] virtual std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const = 0;
  /// For messages.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace wobackup
