#include "store/archive/frame_scan.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "container/skippable_frame.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::array<std::byte, 4> kMagic{std::byte{0x28}, std::byte{0xB5}, std::byte{0x2F}, std::byte{0xFD}};
constexpr std::uint32_t kAnySkippable = 0x184D2A50;
// A random place looks like a frame once in 4 GiB. Whoever makes more of them shall not have them all unpacked.
constexpr std::uint64_t kVainBytesAtLeast = std::uint64_t{1} << 30U;
constexpr std::uint64_t kVainTimesLength = 16;

}  // namespace

FrameScan::FrameScan(const RandomAccess& file, std::uint64_t begin, std::uint64_t end, const Cancellation& cancellation,
                     ScanLimits limits)
    : file_(file),
      cancellation_(cancellation),
      limits_(limits),
      at_(begin),
      end_(std::min(end, file.size())),
      most_vain_bytes_(kVainBytesAtLeast + kVainTimesLength * file.size()) {}

// As much of the file as the longest frame may take, from here.
ByteSpan FrameScan::window(std::uint64_t at) {
  if (at >= end_) return {};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(limits_.most_bytes, end_ - at));
  const std::uint64_t buffer_end = buffer_begin_ + buffer_.size();
  if (at < buffer_begin_ || at + wanted > buffer_end) {
    cancellation_.check();
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(2 * std::uint64_t{limits_.most_bytes}, end_ - at));
    if (at >= buffer_begin_ && at < buffer_end) {
      const ByteSpan kept = buffer_.bytes().subspan(static_cast<std::size_t>(at - buffer_begin_));
      ByteVector moved(kept.begin(), kept.end());
      buffer_.clear();
      buffer_.append(moved);
    } else {
      buffer_.clear();
    }
    buffer_begin_ = at;
    const std::size_t had = buffer_.size();
    const MutableByteSpan more = buffer_.grow(size - had);
    buffer_.shrink(had + file_.read(at + had, more));
  }
  const ByteSpan bytes = buffer_.bytes().subspan(static_cast<std::size_t>(at - buffer_begin_));
  return bytes.first(std::min(bytes.size(), wanted));
}

bool FrameScan::decodes(ByteSpan frame) {
  try {
    if (limits_.checksum) {
      plain_ = decode_frame(frame, scratch_);
    } else {
      scratch_.plain.clear();
      const auto size = static_cast<std::size_t>(ZSTD_getFrameContentSize(frame.data(), frame.size()));
      const MutableByteSpan plain = scratch_.plain.grow(size);
      if (ZSTD_decompress(plain.data(), plain.size(), frame.data(), frame.size()) != size) return false;
      plain_ = plain;
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The length of the whole frame that begins here, which is decoded; 0 if there is none. `tried`: it seemed to be one.
std::uint64_t FrameScan::whole_at(std::uint64_t at, bool& tried) {
  if (known_bytes_ > 0 && at == known_) return known_bytes_;
  const ByteSpan bytes = window(at);
  tried = bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
  if (!tried) return 0;
  const std::size_t size = frame_bytes_at(bytes);
  if (size == 0 || !decodes(bytes.first(size))) {
    known_bytes_ = 0;
    vain_bytes_ += size == 0 ? bytes.size() : size;
    if (vain_bytes_ > most_vain_bytes_) gave_up_ = true;
    return 0;
  }
  known_ = at;
  known_bytes_ = size;
  return size;
}

std::uint64_t FrameScan::skippable_bytes(std::uint64_t at) {
  const ByteSpan bytes = window(at);
  if (bytes.size() < kSkippableHeaderBytes || (load_le<std::uint32_t>(bytes) & 0xFFFFFFF0U) != kAnySkippable) return 0;
  const std::uint64_t size = kSkippableHeaderBytes + load_le<std::uint32_t>(bytes.subspan(4));
  return size > end_ - at ? 0 : size;
}

bool FrameScan::begins_something(std::uint64_t at) {
  bool tried = false;
  return at == end_ || skippable_bytes(at) > 0 || whole_at(at, tried) > 0;
}

// The next place that holds a whole frame, or the end.
std::uint64_t FrameScan::search(std::uint64_t from) {
  while (from < end_ && !gave_up_) {
    const ByteSpan bytes = window(from);
    const auto* const found =
        static_cast<const std::byte*>(::memmem(bytes.data(), bytes.size(), kMagic.data(), kMagic.size()));
    if (found == nullptr) {
      // The window's last bytes may be the beginning of the magic number.
      const std::size_t passed = bytes.size() < kMagic.size() ? bytes.size() : bytes.size() - (kMagic.size() - 1);
      from += passed;
      continue;
    }
    from += static_cast<std::uint64_t>(found - bytes.data());
    bool tried = false;
    if (whole_at(from, tried) > 0) return from;
    ++from;
  }
  return gave_up_ ? from : end_;
}

bool FrameScan::next(ScannedFrame& frame) {
  frame = {};
  while (at_ < end_ && !gave_up_) {
    bool tried = false;
    if (const std::uint64_t size = whole_at(at_, tried); size > 0) {
      frame.begin = at_;
      frame.end = at_ += size;
      frame.whole = true;
      frame.plain = plain_;
      known_bytes_ = 0;
      return true;
    }
    if (const std::uint64_t skipped = skippable_bytes(at_); skipped > 0) {
      at_ += skipped;
      continue;
    }
    frame.begin = at_;
    // A frame whose content was hit still says where it ends, and how much it held.
    const ByteSpan bytes = window(at_);
    const std::size_t size = tried ? frame_bytes_at(bytes) : 0;
    const unsigned long long plain_bytes = size > 0 ? ZSTD_getFrameContentSize(bytes.data(), bytes.size()) : 0;
    if (size > 0 && begins_something(at_ + size)) {
      frame.plain_bytes = plain_bytes;
      at_ += size;
    } else {
      at_ = search(at_ + 1);
    }
    frame.end = at_;
    return true;
  }
  return false;
}

}  // namespace wobackup
