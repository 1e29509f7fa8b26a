#include "store/archive/stored_member.h"

#include <algorithm>
#include <array>

#include "container/tar_encode.h"
#include "store/archive/member_check.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestMapBytes = std::size_t{48} << 20U;  // what parse_sparse_map takes at the most
constexpr std::size_t kZerosBytes = 65536;
// Headers are rarely longer, extended attributes and all.
constexpr std::uint64_t kUsualHeaderBytes = 16384;

// Whether these bytes hold a whole map: a number of segments, twice as many numbers, and zeros up to whole blocks.
class MapEnd {
 public:
  bool reached(std::string_view text) {
    for (; at_ < text.size(); ++at_) {
      if (text[at_] != '\n') {
        if (lines_ == 0 && text[at_] >= '0' && text[at_] <= '9' && segments_ < kLongestMapBytes) {
          segments_ = segments_ * 10 + static_cast<std::uint64_t>(text[at_] - '0');
        }
      } else if (++lines_ == 2 * segments_ + 1) {
        end_ = at_ + 1 + padding_to_block(at_ + 1);
      }
      if (end_ > 0) break;
    }
    return end_ > 0 && text.size() >= end_;
  }

 private:
  std::size_t at_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t segments_ = 0;
  std::size_t end_ = 0;
};

TarMember header_at(ByteSpan blocks, std::string_view path) {
  std::optional<TarMember> member;
  try {
    member = decode_tar_member(blocks);
  } catch (const Error& error) {
    member_damaged(path, error.message());
  }
  if (!member) member_damaged(path, "the tar ends where it should be");
  return *std::move(member);
}

// Puts the holes back.
class HoleFiller {
 public:
  HoleFiller(const SparseMap& map, const std::function<void(ByteSpan)>& sink) : map_(map), sink_(sink) {}

  void data(ByteSpan bytes) {
    while (!bytes.empty()) {
      const SparseSegment& segment = map_.segments.at(segment_);
      if (done_ == 0) zeros_to(segment.offset);
      const ByteSpan part =
          bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), segment.length - done_)));
      sink_(part);
      at_ += part.size();
      done_ += part.size();
      bytes = bytes.subspan(part.size());
      if (done_ == segment.length) {
        ++segment_;
        done_ = 0;
      }
    }
  }
  void zeros_to(std::uint64_t offset) {
    static constexpr std::array<std::byte, kZerosBytes> kZeros{};
    while (at_ < offset) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kZeros.size(), offset - at_));
      sink_(ByteSpan(kZeros).first(size));
      at_ += size;
    }
  }

 private:
  const SparseMap& map_;
  const std::function<void(ByteSpan)>& sink_;
  std::size_t segment_ = 0;
  std::uint64_t done_ = 0;  // of the segment
  std::uint64_t at_ = 0;
};

}  // namespace

StoredMember::StoredMember(const ContainerReader& container, const ManifestEntry& listed, std::string_view top)
    : container_(container), listed_(listed) {
  const std::string& path = listed_.entry.path;
  if (!listed_.offset) {
    member_damaged(path,
                   listed_.error.empty() ? "it is not in the archive" : "it is not in the archive: " + listed_.error);
  }
  if (*listed_.offset % kTarBlockBytes != 0) member_damaged(path, "its place in the tar is not at a block");
  frame_ = container_.frame_at(*listed_.offset);
  const SeekFrame& frame = container_.frames()[frame_];
  const auto begin = static_cast<std::size_t>(*listed_.offset - frame.plain_offset);
  // Most members are far shorter than their frame, and what lies behind them need not be decoded.
  read_first(begin + kUsualHeaderBytes + std::min<std::uint64_t>(listed_.entry.size, frame.plain_bytes));
  try {
    header_ = header_at(first_.subspan(begin), path);
  } catch (const Error&) {
    if (first_.size() == frame.plain_bytes) throw;
    read_first(frame.plain_bytes);
    header_ = header_at(first_.subspan(begin), path);
  }
  require_agreement(header_, listed_, top);
  data_begin_ = *listed_.offset + header_.header_bytes;
  const std::uint64_t tar_bytes = container_.locator().tar_bytes;
  if (data_begin_ > tar_bytes || header_.data_bytes > tar_bytes - data_begin_) {
    member_damaged(path, "it is longer than the tar");
  }
  const std::uint64_t end =
      std::min(data_begin_ + header_.data_bytes - frame.plain_offset, std::uint64_t{frame.plain_bytes});
  if (first_.size() < end) read_first(end);
}

// The frame's plaintext up to there; all of it if that saves little.
void StoredMember::read_first(std::uint64_t end) {
  const std::uint64_t all = container_.frames()[frame_].plain_bytes;
  first_ = container_.read_frame_beginning(frame_, static_cast<std::size_t>(end < all - all / 8 ? end : all), scratch_);
}

// Bytes of the tar, frame by frame, until the sink wants no more.
void StoredMember::read_range(std::uint64_t begin, std::uint64_t end, const std::function<bool(ByteSpan)>& sink) const {
  if (begin >= end) return;
  for (std::size_t index = container_.frame_at(begin); begin < end; ++index) {
    const SeekFrame& frame = container_.frames()[index];
    ByteVector decoded;
    if (index != frame_) decoded = container_.read_frame(index);
    const ByteSpan plain = index == frame_ ? first_ : ByteSpan(decoded);
    const auto from = static_cast<std::size_t>(begin - frame.plain_offset);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(plain.size() - from, end - begin));
    begin += size;
    if (!sink(plain.subspan(from, size))) return;
  }
}

void StoredMember::read_stored(const std::function<void(ByteSpan)>& sink) const {
  Sha256 hash;
  read_range(data_begin_, data_begin_ + header_.data_bytes, [&](ByteSpan bytes) {
    hash.update(bytes);
    sink(bytes);
    return true;
  });
  if (!listed_.sha256) member_damaged(listed_.entry.path, "the manifest has no hash of it");
  if (hash.finish() != *listed_.sha256) member_damaged(listed_.entry.path, "its content does not have the hash listed");
}

SparseMap StoredMember::sparse_map() const {
  ByteVector map;
  MapEnd end;
  read_range(data_begin_, data_begin_ + header_.data_bytes, [&](ByteSpan bytes) {
    map.insert(map.end(), bytes.begin(), bytes.end());
    return !end.reached(text_of(map)) && map.size() <= kLongestMapBytes;
  });
  try {
    return parse_sparse_map(map, header_.entry.size, header_.data_bytes);
  } catch (const Error& error) {
    member_damaged(listed_.entry.path, error.message());
  }
}

void StoredMember::read(const std::function<void(ByteSpan)>& sink) const {
  if (header_.entry.sparse) return read_sparse(sink);
  read_stored(sink);
}

void StoredMember::read_sparse(const std::function<void(ByteSpan)>& sink) const {
  const SparseMap map = sparse_map();
  HoleFiller filler(map, sink);
  std::size_t map_left = map.map_bytes;
  read_stored([&](ByteSpan bytes) {
    const std::size_t skipped = std::min(map_left, bytes.size());
    map_left -= skipped;
    filler.data(bytes.subspan(skipped));
  });
  filler.zeros_to(header_.entry.size);
}

}  // namespace wobackup
