// Decodes one data frame of a container.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "container/frame_buffer.h"

namespace wobackup {

/// Limits of the format (docs/archive.md): no frame's plaintext is longer, no frame needs a larger window, and so no
/// frame is longer.
constexpr std::size_t kLargestPlainBytes = std::size_t{8} << 20U;
constexpr std::size_t kLargestWindowBytes = std::size_t{8} << 20U;
constexpr std::size_t kLargestEncodedBytes = kLargestPlainBytes + (kLargestPlainBytes >> 8U) + 128;

/// The length of the frame at the beginning of these bytes, if it is all there, obeys the limits and states its content
/// size; 0 otherwise.
[[nodiscard]] std::size_t frame_bytes_at(ByteSpan bytes);

/// The plaintext of a frame, which must be exactly these bytes. Throws Error verification unless it is one data frame
/// within the limits, with content size and checksum, and decodes to just that. The frame is untrusted; memory is
/// bounded by the limits.
[[nodiscard]] ByteVector decode_frame(ByteSpan frame);

/// Memory for one frame after the other. Used from one thread at a time.
struct FrameScratch {
  FrameBuffer encoded, plain;
  std::shared_ptr<void> decoder;  // libzstd's, made when it is first needed
};

/// The same into scratch memory, where the plaintext stays until the next call.
[[nodiscard]] ByteSpan decode_frame(ByteSpan frame, FrameScratch& scratch);

/// Only the beginning of the plaintext, `most_bytes` of it, in so much less time; all of it if it is no longer. Of a
/// part, nothing has been compared: whoever uses it needs another proof, as a member's hash is one.
[[nodiscard]] ByteSpan decode_frame_beginning(ByteSpan frame, std::size_t most_bytes, FrameScratch& scratch);

}  // namespace wobackup
