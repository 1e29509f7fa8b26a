#include "container/seek_table.h"

#include <algorithm>
#include <utility>

#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint32_t kFrameMagic = 0x184D2A5E;
constexpr std::uint32_t kTableMagic = 0x8F92EAB1;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kEntryBytes = 8;
constexpr std::size_t kEntryWithChecksumBytes = 12;
constexpr std::uint32_t kMostFrames = 1U << 21U;  // bounds memory; frames of 4 MiB then make 8 TiB

// Checks the nine bytes at the end; 0 for the entries' length if they are no footer.
std::size_t entry_bytes(ByteSpan footer) {
  if (footer.size() < kSeekFooterBytes || load_le<std::uint32_t>(footer.subspan(5)) != kTableMagic) return 0;
  const auto descriptor = std::to_integer<unsigned>(footer[4]);
  if ((descriptor & 0x7CU) != 0) return 0;  // reserved bits
  if (load_le<std::uint32_t>(footer) > kMostFrames) return 0;
  return (descriptor & 0x80U) != 0 ? kEntryWithChecksumBytes : kEntryBytes;
}

[[noreturn]] void damaged(const char* why) {
  throw Error(ErrorKind::verification, std::string("the seek table is damaged: ") + why);
}

}  // namespace

void SeekTableBuilder::add(std::uint32_t compressed_bytes, std::uint32_t plain_bytes) {
  frames_.emplace_back(compressed_bytes, plain_bytes);
}

ByteVector SeekTableBuilder::encode() const {
  if (frames_.size() > kMostFrames)
    throw Error(ErrorKind::failed, "the archive has more frames than its format allows");
  ByteVector out;
  out.reserve(kHeaderBytes + frames_.size() * kEntryBytes + kSeekFooterBytes);
  append_le(out, kFrameMagic);
  append_le(out, static_cast<std::uint32_t>(frames_.size() * kEntryBytes + kSeekFooterBytes));
  for (const auto& [compressed, plain] : frames_) {
    append_le(out, compressed);
    append_le(out, plain);
  }
  append_le(out, static_cast<std::uint32_t>(frames_.size()));
  append_le(out, std::uint8_t{0});
  append_le(out, kTableMagic);
  return out;
}

std::uint64_t seek_table_bytes(ByteSpan last_bytes) {
  if (last_bytes.size() < kSeekFooterBytes) return 0;
  const ByteSpan footer = last_bytes.last(kSeekFooterBytes);
  const std::size_t each = entry_bytes(footer);
  if (each == 0) return 0;
  return kHeaderBytes + std::uint64_t{load_le<std::uint32_t>(footer)} * each + kSeekFooterBytes;
}

std::vector<SeekFrame> parse_seek_table(ByteSpan frame, std::uint64_t file_bytes) {
  const std::uint64_t expected = seek_table_bytes(frame);
  if (expected == 0 || expected != frame.size() || frame.size() > file_bytes) damaged("its length is wrong");
  if (load_le<std::uint32_t>(frame) != kFrameMagic ||
      load_le<std::uint32_t>(frame.subspan(4)) != frame.size() - kHeaderBytes) {
    damaged("its header is wrong");
  }
  const std::size_t each = entry_bytes(frame.last(kSeekFooterBytes));
  const auto count = load_le<std::uint32_t>(frame.last(kSeekFooterBytes));
  std::vector<SeekFrame> frames;
  frames.reserve(count);
  SeekFrame next;
  for (std::size_t i = 0; i < count; ++i) {
    const ByteSpan entry = frame.subspan(kHeaderBytes + i * each, each);
    next.bytes = load_le<std::uint32_t>(entry);
    next.plain_bytes = load_le<std::uint32_t>(entry.subspan(4));
    frames.push_back(next);
    next.offset += next.bytes;
    next.plain_offset += next.plain_bytes;
  }
  if (next.offset != file_bytes - frame.size()) damaged("its frames do not fill the file");
  return frames;
}

}  // namespace wobackup
