// Finding the frames of a container that has lost its seek table.
#pragma once

#include <cstdint>
#include <optional>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "container/frame_decode.h"

namespace wobackup {

/// A run of the file: one whole frame, or what lies between two of them and is none.
struct ScannedFrame {
  std::uint64_t begin = 0, end = 0;  ///< in the file
  bool whole = false;
  ByteSpan plain;  ///< of a whole one; stays until the next call
  /// Of a damaged one that begins and ends as a frame: what it says that its plaintext was.
  std::optional<std::uint64_t> plain_bytes;
};

/// What counts as a frame: none is longer, as it stands in the file, than `most_bytes` (at most kLargestEncodedBytes).
struct ScanLimits {
  std::size_t most_bytes = kLargestEncodedBytes;
  bool checksum = true;  ///< a frame without one is none
};

/// Goes from frame to frame by what they say of their length; skippable frames are passed over. Where one does not
/// decode, or is none, it goes on at the next place that holds a whole frame. The file is untrusted: how many places
/// are tried in vain is bounded, by the file's length. Holds two encoded frames and a decoded one of the longest. Used
/// from one thread.
class FrameScan {
 public:
  /// From `begin` up to `end`, which is cut to the file's length. The file and `cancellation` outlive the object.
  FrameScan(const RandomAccess& file, std::uint64_t begin, std::uint64_t end, const Cancellation& cancellation,
            ScanLimits limits = {});

  /// False at the end, or when it gave up.
  [[nodiscard]] bool next(ScannedFrame& frame);
  /// It stopped before the end: too many places seemed to be the beginning of a frame. From there on nothing was read.
  [[nodiscard]] bool gave_up() const noexcept { return gave_up_; }
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }

 private:
  [[nodiscard]] ByteSpan window(std::uint64_t at);
  [[nodiscard]] bool decodes(ByteSpan frame);
  [[nodiscard]] std::uint64_t skippable_bytes(std::uint64_t at);
  [[nodiscard]] std::uint64_t whole_at(std::uint64_t at, bool& tried);
  [[nodiscard]] std::uint64_t search(std::uint64_t from);
  [[nodiscard]] bool begins_something(std::uint64_t at);

  const RandomAccess& file_;
  const Cancellation& cancellation_;
  const ScanLimits limits_;
  std::uint64_t at_, end_;
  FrameBuffer buffer_;  // of the file, from buffer_begin_ on
  std::uint64_t buffer_begin_ = 0;
  FrameScratch scratch_;
  ByteSpan plain_;           // of the frame that was decoded last
  std::uint64_t known_ = 0;  // where that frame begins, and its length: it need not be decoded twice
  std::uint64_t known_bytes_ = 0;
  std::uint64_t vain_bytes_ = 0, most_vain_bytes_;
  bool gave_up_ = false;
};

}  // namespace wobackup
