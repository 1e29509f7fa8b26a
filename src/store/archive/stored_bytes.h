// The bytes of a file as they stand in the tar.
#pragma once

#include <cstdint>
#include <vector>

#include "container/content.h"
#include "container/entry.h"

namespace wobackup {

/// Maps a member's stored bytes to its file: for most files they are the same; for a sparse file, the map comes first
/// and then the data segments without the holes. Reading is thread-safe.
class StoredBytes {
 public:
  explicit StoredBytes(const Entry& entry);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Fills the whole buffer from `offset`. What the file no longer has becomes zeros, and `short_read` true.
  [[nodiscard]] ContentProblem read(const Content& content, std::uint64_t offset, MutableByteSpan buffer,
                                    bool& short_read) const;

 private:
  [[nodiscard]] ContentProblem read_logical(const Content& content, std::uint64_t offset, MutableByteSpan buffer,
                                            bool& short_read) const;

  bool sparse_;
  ByteVector map_;
  std::vector<SparseSegment> segments_;
  std::vector<std::uint64_t> starts_;  // of each segment in the stored bytes
  std::uint64_t size_;
};

}  // namespace wobackup
