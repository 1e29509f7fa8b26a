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

}  // namespace

std::size_t frame_bytes_at(ByteSpan bytes) {
  const FrameHeader header = read_header(bytes);
  // Unknown sizes are the largest numbers of their type.
  if (!header.data || header.window_bytes > kLargestWindowBytes || header.plain_bytes > kLargestPlainBytes) return 0;
  const std::size_t size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  return ZSTD_isError(size) != 0 ? 0 : size;
}

ByteSpan decode_frame(ByteSpan frame, FrameScratch& scratch) {
  const FrameHeader header = read_header(frame);
  if (!header.data) refuse("it is no zstd data frame");
  if (!header.has_checksum) refuse("it has no checksum");
  if (header.window_bytes > kLargestWindowBytes) refuse("its window is larger than 8 MiB");
  if (header.plain_bytes > kLargestPlainBytes) refuse("its length is unknown or over 8 MiB");
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) refuse("it ends too early or too late");
  if (!scratch.decoder) {
    scratch.decoder = std::shared_ptr<ZSTD_DCtx>(ZSTD_createDCtx(), ZSTD_freeDCtx);
    if (!scratch.decoder) throw std::bad_alloc();
  }
  scratch.plain.clear();
  const MutableByteSpan plain = scratch.plain.grow(static_cast<std::size_t>(header.plain_bytes));
  auto* const decoder = static_cast<ZSTD_DCtx*>(scratch.decoder.get());
  const std::size_t size = ZSTD_decompressDCtx(decoder, plain.data(), plain.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0) refuse(ZSTD_getErrorName(size));
  if (size != plain.size()) refuse("it is shorter than it says");
  return plain;
}

ByteVector decode_frame(ByteSpan frame) {
  FrameScratch scratch;
  const ByteSpan plain = decode_frame(frame, scratch);
  return {plain.begin(), plain.end()};
}

}  // namespace wobackup
