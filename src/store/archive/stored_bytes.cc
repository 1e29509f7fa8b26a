#include "store/archive/stored_bytes.h"

#include <algorithm>

#include "container/tar_encode.h"

namespace wobackup {

StoredBytes::StoredBytes(const Entry& entry) : sparse_(entry.sparse), size_(stored_size(entry)) {
  if (!sparse_) return;
  append_sparse_map(map_, entry);
  segments_ = entry.segments;
  std::uint64_t start = map_.size();
  for (const SparseSegment& segment : segments_) {
    starts_.push_back(start);
    start += segment.length;
  }
}

ContentProblem StoredBytes::read_logical(const Content& content, std::uint64_t offset, MutableByteSpan buffer,
                                         bool& short_read) const {
  std::size_t count = 0;
  ContentProblem problem = content.read(offset, buffer, count);
  if (count < buffer.size()) {
    const auto rest = buffer.subspan(count);
    std::fill(rest.begin(), rest.end(), std::byte{0});
    short_read = true;
  }
  return problem;
}

ContentProblem StoredBytes::read(const Content& content, std::uint64_t offset, MutableByteSpan buffer,
                                 bool& short_read) const {
  if (!sparse_) return read_logical(content, offset, buffer, short_read);
  if (offset < map_.size()) {
    const std::size_t count = std::min<std::size_t>(buffer.size(), map_.size() - offset);
    std::copy_n(map_.begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
    buffer = buffer.subspan(count);
    offset += count;
  }
  auto index = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin());
  while (!buffer.empty()) {
    const SparseSegment& segment = segments_.at(index - 1);
    const std::uint64_t within = offset - starts_[index - 1];
    const std::size_t count = std::min<std::uint64_t>(buffer.size(), segment.length - within);
    if (ContentProblem problem = read_logical(content, segment.offset + within, buffer.first(count), short_read)) {
      return problem;
    }
    buffer = buffer.subspan(count);
    offset += count;
    ++index;
  }
  return {};
}

}  // namespace wobackup
