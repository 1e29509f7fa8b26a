// SHA-256 by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "base/bytes.h"

namespace wobackup {

using Sha256Digest = std::array<std::byte, 32>;

/// Incremental SHA-256. After `finish` it is ready for the next message. Not for use from two threads at once.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(ByteSpan bytes);
  [[nodiscard]] Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] Sha256Digest sha256(ByteSpan bytes);

}  // namespace wobackup
