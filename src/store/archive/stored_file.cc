#include "store/archive/stored_file.h"

#include <algorithm>

namespace wobackup {

StoredFile::StoredFile(TarMember& member, ByteSpan beginning) : sparse_(member.entry.sparse) {
  if (!sparse_) return;
  SparseMap map = parse_sparse_map(beginning, member.entry.size, member.data_bytes);
  map_bytes_ = map.map_bytes;
  member.entry.segments = map.segments;
  segments_ = std::move(map.segments);
  std::uint64_t start = map_bytes_;
  for (const SparseSegment& segment : segments_) {
    starts_.push_back(start);
    start += segment.length;
  }
}

void StoredFile::deliver(FileReceiver& receiver, std::uint64_t stored_offset, ByteSpan bytes) const {
  if (!sparse_) {
    if (!bytes.empty()) receiver.write(stored_offset, bytes);
    return;
  }
  if (stored_offset < map_bytes_) {
    const std::size_t in_map = std::min<std::size_t>(bytes.size(), map_bytes_ - stored_offset);
    bytes = bytes.subspan(in_map);
    stored_offset += in_map;
  }
  auto index =
      static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), stored_offset) - starts_.begin());
  while (!bytes.empty()) {
    const SparseSegment& segment = segments_.at(index - 1);
    const std::uint64_t within = stored_offset - starts_[index - 1];
    const std::size_t count = std::min<std::uint64_t>(bytes.size(), segment.length - within);
    receiver.write(segment.offset + within, bytes.first(count));
    bytes = bytes.subspan(count);
    stored_offset += count;
    ++index;
  }
}

}  // namespace wobackup
