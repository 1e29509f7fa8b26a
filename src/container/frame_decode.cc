#include "container/frame_decode.h"

#include <zstd.h>

#include <new>
#include <string>

#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint32_t kDataMagic = 0xFD2FB528;
constexpr std::size_t kShortestHeader = 6;

// What a data frame's header says (RFC 8878, 3.1.1.1). libzstd tells only the content size.
struct FrameHeader {
  bool data = false;
  bool has_checksum = false;
  std::uint64_t window_bytes = 0;  // 0: the whole content is the window
  unsigned long long plain_bytes = 0;
};

FrameHeader read_header(ByteSpan frame) {
  FrameHeader header;
  if (frame.size() < kShortestHeader || load_le<std::uint32_t>(frame) != kDataMagic) return header;
  header.data = true;
  const auto descriptor = std::to_integer<unsigned>(frame[4]);
  header.has_checksum = (descriptor & 0x04U) != 0;
  if ((descriptor & 0x20U) == 0) {
    const auto window = std::to_integer<unsigned>(frame[5]);
    const std::uint64_t base = std::uint64_t{1} << (10U + (window >> 3U));
    header.window_bytes = base + base / 8 * (window & 7U);
  }
  header.plain_bytes = ZSTD_getFrameContentSize(frame.data(), frame.size());
  return header;
}

[[noreturn]] void refuse(const char* why) {
  throw Error(ErrorKind::verification, std::string("a frame is damaged: ") + why);
}

// The length of the plaintext of a frame within the limits.
std::size_t checked_plain_bytes(ByteSpan frame) {
  const FrameHeader header = read_header(frame);
  if (!header.data) refuse("it is no zstd data frame");
  if (!header.has_checksum) refuse("it has no checksum");
  if (header.window_bytes > kLargestWindowBytes) refuse("its window is larger than 8 MiB");
  if (header.plain_bytes > kLargestPlainBytes) refuse("its length is unknown or over 8 MiB");
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) refuse("it ends too early or too late");
  return static_cast<std::size_t>(header.plain_bytes);
}

ZSTD_DCtx* decoder_of(FrameScratch& scratch) {
  if (!scratch.decoder) {
    scratch.decoder = std::shared_ptr<ZSTD_DCtx>(ZSTD_createDCtx(), ZSTD_freeDCtx);
    if (!scratch.decoder) throw std::bad_alloc();
  }
  return static_cast<ZSTD_DCtx*>(scratch.decoder.get());
}

}  // namespace

std::size_t frame_bytes_at(ByteSpan bytes) {
  const FrameHeader header = read_header(bytes);
  // Unknown sizes are the largest numbers of their type.
  if (!header.data || header.window_bytes > kLargestWindowBytes || header.plain_bytes > kLargestPlainBytes) return 0;
  const std::size_t size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  return ZSTD_isError(size) != 0 ? 0 : size;
}

ByteSpan decode_frame(ByteSpan frame, FrameScratch& scratch) {
  const std::size_t plain_bytes = checked_plain_bytes(frame);
  scratch.plain.clear();
  const MutableByteSpan plain = scratch.plain.grow(plain_bytes);
  const std::size_t size =
      ZSTD_decompressDCtx(decoder_of(scratch), plain.data(), plain.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0) refuse(ZSTD_getErrorName(size));
  if (size != plain.size()) refuse("it is shorter than it says");
  return plain;
}

ByteSpan decode_frame_beginning(ByteSpan frame, std::size_t most_bytes, FrameScratch& scratch) {
  if (checked_plain_bytes(frame) <= most_bytes) return decode_frame(frame, scratch);
  scratch.plain.clear();
  const MutableByteSpan plain = scratch.plain.grow(most_bytes);
  ZSTD_DCtx* const decoder = decoder_of(scratch);
  ZSTD_DCtx_reset(decoder, ZSTD_reset_session_only);
  ZSTD_inBuffer input{frame.data(), frame.size(), 0};
  ZSTD_outBuffer output{plain.data(), plain.size(), 0};
  while (output.pos < output.size) {
    const std::size_t before = output.pos + input.pos;
    const std::size_t result = ZSTD_decompressStream(decoder, &output, &input);
    if (ZSTD_isError(result) != 0) refuse(ZSTD_getErrorName(result));
    if (result == 0 || output.pos + input.pos == before) break;
  }
  if (output.pos < output.size) refuse("it is shorter than it says");
  return plain;
}

ByteVector decode_frame(ByteSpan frame) {
  FrameScratch scratch;
  const ByteSpan plain = decode_frame(frame, scratch);
  return {plain.begin(), plain.end()};
}

}  // namespace wobackup
