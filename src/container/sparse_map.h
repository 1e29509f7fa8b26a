// The map in front of a sparse file's data (GNU sparse 1.0).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "container/entry.h"

namespace wobackup {

struct SparseMap {
  std::vector<SparseSegment> segments;
  std::size_t map_bytes = 0;  ///< whole blocks; the segments' data follow
};

/// Reads the map at the beginning of a member's data. Untrusted: throws Error verification unless the segments ascend,
/// lie inside of `logical_bytes`, and with the map fill exactly `stored_bytes`, and for a map that does not end within
/// `data`.
[[nodiscard]] SparseMap parse_sparse_map(ByteSpan data, std::uint64_t logical_bytes, std::uint64_t stored_bytes);

}  // namespace wobackup
