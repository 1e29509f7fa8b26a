#include "container/container_reader.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <string>

#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kTailBytes = 65536;
constexpr std::size_t kHeaderFrameBytes = 65536;
constexpr std::size_t kLargestHeaderLine = std::size_t{16} << 20U;
constexpr std::size_t kLargestLine = std::size_t{64} << 20U;  // a dump with very many tables
constexpr int kLargestWindowLog = 23;
constexpr std::size_t kPieceBytes = std::size_t{1} << 18U;

[[noreturn]] void damaged(const RandomAccess& file, const std::string& why) {
  throw Error(ErrorKind::verification, fmt::format("{} is damaged: {}", file.name(), why));
}

// A streaming decompressor that refuses windows beyond the format's.
class Decompressor {
 public:
  Decompressor() : context_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kLargestWindowLog);
  }
  // Appends what comes out of `in`; returns false if it is no zstd. `ended` tells whether a frame is complete.
  bool feed(ByteSpan bytes, const std::function<bool(std::string_view)>& take, bool& ended) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::string room(ZSTD_DStreamOutSize(), '\0');
    while (true) {
      ZSTD_outBuffer out{room.data(), room.size(), 0};
      const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(result) != 0) return false;
      ended = result == 0;
      if (!take(std::string_view(room.data(), out.pos))) return true;
      if (in.pos == in.size && out.pos < out.size) return true;
    }
  }

 private:
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_;
};

}  // namespace

bool ContainerReader::looks_indexed(const RandomAccess& file) {
  if (file.size() < kSeekFooterBytes) return false;
  ByteVector footer(kSeekFooterBytes);
  return file.read(file.size() - kSeekFooterBytes, footer) == footer.size() && seek_table_bytes(footer) > 0;
}

ContainerReader::ContainerReader(const RandomAccess& file) : file_(file) {
  const std::uint64_t size = file.size();
  const std::uint64_t tail_bytes = std::min(kTailBytes, size);
  ByteVector tail = read_exactly(size - tail_bytes, tail_bytes);
  const std::uint64_t table_bytes = seek_table_bytes(tail);
  if (table_bytes == 0) damaged(file, "it has no seek table at its end");
  if (table_bytes + kLocatorBytes > size) damaged(file, "its seek table is longer than the file");
  if (table_bytes + kLocatorBytes > tail.size())
    tail = read_exactly(size - table_bytes - kLocatorBytes, table_bytes + kLocatorBytes);
  const ByteSpan table = ByteSpan(tail).last(static_cast<std::size_t>(table_bytes));
  frames_ = parse_seek_table(table, size);
  const auto locator = parse_locator(ByteSpan(tail).subspan(tail.size() - table.size() - kLocatorBytes, kLocatorBytes));
  if (!locator) damaged(file, "it has no locator before its seek table");
  locator_ = *locator;

  // The last two frames of the table are manifest and locator, and all three sources must say the same.
  if (frames_.size() < 3 || frames_.back().bytes != kLocatorBytes || frames_.back().plain_bytes != 0) {
    damaged(file, "its seek table does not end in the locator");
  }
  frames_.pop_back();
  const SeekFrame manifest = frames_.back();
  frames_.pop_back();
  if (manifest.plain_bytes != 0 || manifest.offset + 8 != locator_.manifest_offset ||
      manifest.bytes != locator_.manifest_bytes + 8) {
    damaged(file, "locator and seek table do not agree on the manifest");
  }
  if (frames_.back().plain_offset + frames_.back().plain_bytes != locator_.tar_bytes) {
    damaged(file, "locator and seek table do not agree on the length of the tar");
  }
  for (const SeekFrame& frame : frames_) {
    if (frame.plain_bytes == 0 || frame.plain_bytes > kLargestPlain) damaged(file, "a frame's length is out of range");
  }
}

ByteVector ContainerReader::read_exactly(std::uint64_t offset, std::uint64_t size) const {
  if (offset > file_.size() || size > file_.size() - offset) damaged(file_, "something lies beyond its end");
  ByteVector bytes(static_cast<std::size_t>(size));
  if (file_.read(offset, bytes) != bytes.size()) damaged(file_, "it became shorter while it was read");
  return bytes;
}

std::size_t ContainerReader::frame_at(std::uint64_t tar_offset) const {
  const auto after =
      std::upper_bound(frames_.begin(), frames_.end(), tar_offset,
                       [](std::uint64_t offset, const SeekFrame& frame) { return offset < frame.plain_offset; });
  if (after == frames_.begin() || tar_offset >= locator_.tar_bytes) damaged(file_, "an offset lies outside of its tar");
  return static_cast<std::size_t>(after - frames_.begin()) - 1;
}

ByteVector ContainerReader::read_frame(std::size_t index) const {
  const SeekFrame& frame = frames_.at(index);
  const ByteVector compressed = read_exactly(frame.offset, frame.bytes);
  if (ZSTD_getFrameContentSize(compressed.data(), compressed.size()) != frame.plain_bytes ||
      ZSTD_findFrameCompressedSize(compressed.data(), compressed.size()) != compressed.size()) {
    damaged(file_, fmt::format("frame {} is not what the seek table says", index));
  }
  ByteVector plain(frame.plain_bytes);
  const std::size_t size = ZSTD_decompress(plain.data(), plain.size(), compressed.data(), compressed.size());
  if (size != plain.size()) damaged(file_, fmt::format("frame {} does not decompress", index));
  return plain;
}

ManifestHeader ContainerReader::read_manifest_header() const {
  Decompressor decompressor;
  std::string line;
  std::uint64_t at = 0;
  bool ended = false;
  while (at < locator_.manifest_bytes && line.find('\n') == std::string::npos) {
    const ByteVector bytes = read_exactly(locator_.manifest_offset + at,
                                          std::min<std::uint64_t>(kHeaderFrameBytes, locator_.manifest_bytes - at));
    at += bytes.size();
    const bool fine = decompressor.feed(
        bytes,
        [&line](std::string_view text) {
          line += text;
          return line.find('\n') == std::string::npos && line.size() < kLargestHeaderLine;
        },
        ended);
    if (!fine || line.size() >= kLargestHeaderLine) damaged(file_, "its manifest's header cannot be read");
  }
  const std::size_t newline = line.find('\n');
  if (newline == std::string::npos) damaged(file_, "its manifest has no header");
  return manifest_header_from(std::string_view(line).substr(0, newline));
}

void ContainerReader::read_manifest(const std::function<void(const ManifestEntry&)>& visit) const {
  Decompressor decompressor;
  Sha256 hash;
  std::string text;
  bool header_passed = false, ended = true, too_long = false;
  const auto take = [&](std::string_view more) {
    text += more;
    std::size_t at = 0;
    for (std::size_t newline = text.find('\n'); newline != std::string::npos; newline = text.find('\n', at)) {
      const std::string_view line = std::string_view(text).substr(at, newline - at);
      if (header_passed) visit(manifest_entry_from(line));
      header_passed = true;
      at = newline + 1;
    }
    text.erase(0, at);
    too_long = text.size() > kLargestLine;
    return !too_long;
  };
  for (std::uint64_t at = 0; at < locator_.manifest_bytes;) {
    const ByteVector bytes =
        read_exactly(locator_.manifest_offset + at, std::min<std::uint64_t>(kPieceBytes, locator_.manifest_bytes - at));
    at += bytes.size();
    hash.update(bytes);
    if (!decompressor.feed(bytes, take, ended) || too_long) damaged(file_, "its manifest cannot be read");
  }
  if (!ended || !text.empty() || !header_passed) damaged(file_, "its manifest is cut off");
  if (hash.finish() != locator_.manifest_sha256) damaged(file_, "its manifest does not have the hash that it should");
}

}  // namespace wobackup
