// An object read from front to back over several connections at once.
#pragma once

#include <cstdint>
#include <functional>

#include "backend/backend.h"
#include "base/random_access.h"

namespace wobackup {

/// How it is read. Memory: (parallel + 1) pieces.
struct OrderedReading {
  unsigned parallel = 4;
  std::size_t piece_bytes = std::size_t{4} << 20U;
};

/// Hands all bytes from `offset` to `end` to `sink`, in order, from the calling thread, while the next pieces are being
/// read. The first Error, of the object or of the sink, ends it. Throws verification if the object is shorter.
void read_in_order(const RandomAccess& object, std::uint64_t offset, std::uint64_t end, const OrderedReading& how,
                   const std::function<void(ByteSpan)>& sink);

/// A small object whole. Throws not_found; Error verification if it is larger than the limit.
[[nodiscard]] ByteVector read_object(ObjectReader& reader, const std::string& key, std::size_t limit_bytes);

}  // namespace wobackup
