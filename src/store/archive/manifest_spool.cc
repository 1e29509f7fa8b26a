#include "store/archive/manifest_spool.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/file_io.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kFrameBytes = std::size_t{1} << 18U;  // what must be unpacked to find one path
constexpr int kLevel = 3;
constexpr const char* kName = "the manifest's temporary file";

std::string compressed(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(size) != 0) {
    throw Error(ErrorKind::failed, std::string("zstd failed: ") + ZSTD_getErrorName(size));
  }
  out.resize(size);
  return out;
}

}  // namespace

ManifestSpool::ManifestSpool(UniqueFd spool, std::vector<std::string> late_paths, bool hidden)
    : spool_(std::move(spool)), late_paths_(std::move(late_paths)) {
  if (hidden) cipher_.emplace();
  std::sort(late_paths_.begin(), late_paths_.end());
}

void ManifestSpool::add(const ManifestEntry& entry) {
  cut_before(entry.entry.path);
  append_manifest_line(lines_, entry);
  if (lines_.size() >= kFrameBytes) flush();
}

void ManifestSpool::add_late(const ManifestEntry& entry) { append_manifest_line(late_lines_[entry.entry.path], entry); }

void ManifestSpool::cut_before(const std::string& path) {
  while (!late_paths_.empty() && late_paths_.front() < path) {
    flush();
    ranges_.push_back({range_begin_, spooled_bytes_, late_paths_.front()});
    range_begin_ = spooled_bytes_;
    late_paths_.erase(late_paths_.begin());
  }
}

void ManifestSpool::flush() {
  if (lines_.empty()) return;
  std::string frame = compressed(lines_);
  if (cipher_) cipher_->apply(spooled_bytes_, {reinterpret_cast<std::byte*>(frame.data()), frame.size()});
  write_all(spool_.get(), bytes_of(frame), kName);
  spooled_bytes_ += frame.size();
  lines_.clear();
}

ManifestSpool::Payload ManifestSpool::finish(const ManifestHeader& header) {
  flush();
  for (const std::string& path : std::exchange(late_paths_, {})) {
    ranges_.push_back({std::exchange(range_begin_, spooled_bytes_), spooled_bytes_, path});
  }
  ranges_.push_back({range_begin_, spooled_bytes_, {}});

  // Small pieces in memory, large ones in the spool, in their final order.
  struct Piece {
    std::string bytes;
    Range range;
  };
  std::vector<Piece> pieces{{compressed(manifest_line(header)), {}}};
  Payload payload;
  for (const Range& range : ranges_) {
    pieces.push_back({{}, range});
    const auto late = late_lines_.find(range.late_path);
    if (late != late_lines_.end()) pieces.push_back({compressed(late->second), {}});
  }
  for (const Piece& piece : pieces) payload.bytes += piece.bytes.size() + (piece.range.end - piece.range.begin);
  payload.copy = [this, pieces = std::move(pieces)](const std::function<void(ByteSpan)>& sink) {
    std::array<std::byte, 65536> buffer;
    for (const Piece& piece : pieces) {
      if (!piece.bytes.empty()) sink(bytes_of(piece.bytes));
      for (std::uint64_t at = piece.range.begin; at < piece.range.end;) {
        const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), piece.range.end - at);
        const std::size_t size = pread_up_to(spool_.get(), {buffer.data(), wanted}, at, kName);
        if (size == 0) throw Error(ErrorKind::failed, std::string(kName) + " is shorter than what was written");
        if (cipher_) cipher_->apply(at, {buffer.data(), size});
        sink({buffer.data(), size});
        at += size;
      }
    }
  };
  return payload;
}

}  // namespace wobackup
