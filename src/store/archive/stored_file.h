// A regular file as it is stored in a tar: a run of bytes, or of a sparse file its map and segments.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "container/member_sink.h"
#include "container/sparse_map.h"
#include "container/tar_decode.h"

namespace wobackup {

/// Translates stored offsets into logical ones. Thread-safe.
class StoredFile {
 public:
  /// `beginning`: the first stored bytes, with the whole map of a sparse file. Sets the entry's segments. Throws Error
  /// verification.
  StoredFile(TarMember& member, ByteSpan beginning);

  /// Hands stored bytes at an offset to the receiver.
  void deliver(FileReceiver& receiver, std::uint64_t stored_offset, ByteSpan bytes) const;

 private:
  bool sparse_;
  std::uint64_t map_bytes_ = 0;
  std::vector<SparseSegment> segments_;
  std::vector<std::uint64_t> starts_;  // stored offset of each segment
};

}  // namespace wobackup
