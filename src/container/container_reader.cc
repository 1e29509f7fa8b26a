#include "container/container_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "container/ascending_paths.h"
#include "container/compressed_lines.h"
#include "container/frame_decode.h"
#include "container/skippable_frame.h"
#include "container/tar_encode.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kTailBytes = 65536;
constexpr std::uint64_t kHeaderPieceBytes = 65536;
constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 18U;
constexpr std::size_t kKnownManifestBytes = std::size_t{8} << 20U;
constexpr std::size_t kLongestHeaderBytes = std::size_t{4} << 20U;

[[noreturn]] void damaged(const RandomAccess& file, const std::string& why) {
  throw Error(ErrorKind::verification, fmt::format("{} is damaged: {}", file.name(), why));
}

// Runs what does not know the file's name, and adds it.
template <class Action>
auto naming(const RandomAccess& file, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw error.in(file.name());
  }
}

ByteVector read_exactly(const RandomAccess& file, std::uint64_t offset, std::uint64_t size) {
  if (offset > file.size() || size > file.size() - offset) damaged(file, "something lies beyond its end");
  ByteVector bytes(static_cast<std::size_t>(size));
  if (file.read(offset, bytes) != bytes.size()) damaged(file, "it became shorter while it was read");
  return bytes;
}

std::string manifest_of(const RandomAccess& file) { return fmt::format("the manifest of {}", file.name()); }

}  // namespace

/// What has been read, and need not be again.
struct ContainerReader::Known {
  std::mutex mutex;
  std::optional<ManifestHeader> header;
  std::shared_ptr<const KnownManifest> manifest;
};

std::optional<ContainerReader> ContainerReader::open(const RandomAccess& file) {
  const std::uint64_t size = file.size();
  const std::uint64_t tail_bytes = std::min(kTailBytes, size);
  ByteVector tail = read_exactly(file, size - tail_bytes, tail_bytes);
  const std::uint64_t table_bytes = seek_table_bytes(tail);
  if (table_bytes == 0) return std::nullopt;
  if (table_bytes > size) damaged(file, "its seek table is longer than the file");
  const std::uint64_t index_bytes = std::min(table_bytes + kLocatorBytes, size);
  if (index_bytes > tail.size()) tail = read_exactly(file, size - index_bytes, index_bytes);

  const ByteSpan table = ByteSpan(tail).last(static_cast<std::size_t>(table_bytes));
  std::vector<SeekFrame> listed = naming(file, [&] { return parse_seek_table(table, size); });
  if (listed.empty() || listed.back().bytes != kLocatorBytes || listed.back().plain_bytes != 0) return std::nullopt;
  const auto locator = parse_locator(ByteSpan(tail).subspan(tail.size() - table.size() - kLocatorBytes, kLocatorBytes));
  return ContainerReader(file, std::move(listed), locator);
}

ContainerReader::ContainerReader(const RandomAccess& file) : file_(&file) {
  std::optional<ContainerReader> reader = open(file);
  if (!reader) damaged(file, "it has no seek table at its end");
  *this = *std::move(reader);
}

// The last two frames of the table are manifest and locator, and the table must say the same as the locator.
ContainerReader::ContainerReader(const RandomAccess& file, std::vector<SeekFrame> listed,
                                 const std::optional<Locator>& locator)
    : file_(&file), frames_(std::move(listed)), known_(std::make_shared<Known>()) {
  if (!locator) damaged(*file_, "it has no locator before its seek table");
  locator_ = *locator;
  frames_.pop_back();
  if (frames_.size() < 2) damaged(*file_, "its seek table lists too few frames");
  const SeekFrame manifest = frames_.back();
  frames_.pop_back();
  if (manifest.plain_bytes != 0 || manifest.bytes < kSkippableHeaderBytes ||
      manifest.bytes - kSkippableHeaderBytes != locator_.manifest_bytes ||
      manifest.offset + kSkippableHeaderBytes != locator_.manifest_offset) {
    damaged(*file_, "locator and seek table do not agree on the manifest");
  }
  if (frames_.back().plain_offset + frames_.back().plain_bytes != locator_.tar_bytes) {
    damaged(*file_, "locator and seek table do not agree on the length of the tar");
  }
  for (const SeekFrame& frame : frames_) {
    if (frame.plain_bytes == 0 || frame.plain_bytes > kLargestPlainBytes || frame.plain_bytes % kTarBlockBytes != 0 ||
        frame.bytes > kLargestEncodedBytes) {
      damaged(*file_, "a frame's length is out of range");
    }
  }
}

std::size_t ContainerReader::frame_at(std::uint64_t tar_offset) const {
  if (tar_offset >= locator_.tar_bytes) damaged(*file_, "an offset lies outside of its tar");
  const auto after =
      std::upper_bound(frames_.begin(), frames_.end(), tar_offset,
                       [](std::uint64_t offset, const SeekFrame& frame) { return offset < frame.plain_offset; });
  return static_cast<std::size_t>(after - frames_.begin()) - 1;
}

ByteSpan ContainerReader::read_encoded(std::size_t index, FrameScratch& scratch) const {
  const SeekFrame& frame = frames_.at(index);
  scratch.encoded.clear();
  const MutableByteSpan bytes = scratch.encoded.grow(frame.bytes);
  if (file_->read(frame.offset, bytes) != bytes.size()) damaged(*file_, "it became shorter while it was read");
  return bytes;
}

ByteSpan ContainerReader::read_frame_beginning(std::size_t index, std::size_t plain_bytes,
                                               FrameScratch& scratch) const {
  if (plain_bytes >= frames_.at(index).plain_bytes) return read_frame(index, scratch);
  const ByteSpan bytes = read_encoded(index, scratch);
  return naming(*file_, [&] { return decode_frame_beginning(bytes, plain_bytes, scratch); });
}

ByteSpan ContainerReader::read_frame(std::size_t index, FrameScratch& scratch) const {
  const SeekFrame& frame = frames_.at(index);
  const ByteSpan bytes = read_encoded(index, scratch);
  const ByteSpan plain = naming(*file_, [&] { return decode_frame(bytes, scratch); });
  if (plain.size() != frame.plain_bytes) damaged(*file_, fmt::format("frame {} has not the length listed", index));
  return plain;
}

ByteVector ContainerReader::read_frame(std::size_t index) const {
  FrameScratch scratch;
  const ByteSpan plain = read_frame(index, scratch);
  return {plain.begin(), plain.end()};
}

// Bytes of the manifest's payload. The first piece is read with the skippable frame's header, which must fit: other
// programs rely on it to step over the manifest.
ByteVector ContainerReader::read_manifest_piece(std::uint64_t at, std::uint64_t most_bytes) const {
  const std::uint64_t size = std::min(most_bytes, locator_.manifest_bytes - at);
  if (at > 0) return read_exactly(*file_, locator_.manifest_offset + at, size);
  ByteVector bytes =
      read_exactly(*file_, locator_.manifest_offset - kSkippableHeaderBytes, size + kSkippableHeaderBytes);
  if (load_le<std::uint32_t>(bytes) != kSkippableMagic ||
      load_le<std::uint32_t>(ByteSpan(bytes).subspan(4)) != locator_.manifest_bytes) {
    damaged(*file_, "its manifest's frame has a wrong header");
  }
  bytes.erase(bytes.begin(), bytes.begin() + kSkippableHeaderBytes);
  return bytes;
}

ManifestHeader ContainerReader::read_manifest_header() const {
  const std::lock_guard lock(known_->mutex);
  if (known_->header) return *known_->header;
  CompressedLines lines(kLongestHeaderBytes, manifest_of(*file_));
  const auto keep = [&](std::string_view line) {
    known_->header = naming(*file_, [&] { return manifest_header_from(line); });
    return false;
  };
  if (known_->manifest) lines.feed(known_->manifest->header_frame(), keep);
  for (std::uint64_t at = 0; !known_->header && at < locator_.manifest_bytes; at += kHeaderPieceBytes) {
    lines.feed(read_manifest_piece(at, kHeaderPieceBytes), keep);
  }
  if (!known_->header) damaged(*file_, "its manifest has no header");
  return *known_->header;
}

void ContainerReader::read_manifest(const std::function<void(const ManifestEntry&)>& visit) const {
  read_manifest_lines([&](std::string_view line) { visit(naming(*file_, [&] { return manifest_entry_from(line); })); });
}

void ContainerReader::read_manifest(const ManifestFilter& wanted,
                                    const std::function<void(const ManifestEntry&)>& visit) const {
  const auto pick = [&](std::string_view line) {
    const std::optional<std::string_view> path = plain_path_of(line);
    if (path && !wanted.path(*path)) return;
    const ManifestEntry listed = naming(*file_, [&] { return manifest_entry_from(line); });
    if (path || wanted.path(listed.entry.path)) visit(listed);
  };
  const auto manifest = wanted.ranges.empty() ? nullptr : known_manifest();
  if (!manifest) return read_manifest_lines(pick);
  for (const PathRange& range : wanted.ranges) {
    manifest->lines(range, [&](std::string_view line) {
      pick(line);
      return true;
    });
  }
}

std::shared_ptr<const KnownManifest> ContainerReader::known_manifest() const {
  if (locator_.manifest_bytes > kKnownManifestBytes) return nullptr;
  const std::lock_guard lock(known_->mutex);
  if (!known_->manifest) {
    ByteVector payload = read_manifest_piece(0, locator_.manifest_bytes);
    require_hash(sha256(payload));
    known_->manifest = std::make_shared<const KnownManifest>(std::move(payload), file_->name());
  }
  return known_->manifest;
}

void ContainerReader::require_hash(const Sha256Digest& digest) const {
  if (digest != locator_.manifest_sha256) damaged(*file_, "its manifest does not have the hash that it should");
}

void ContainerReader::read_manifest_lines(const std::function<void(std::string_view)>& visit) const {
  if (const auto manifest = known_manifest()) {
    return manifest->lines(PathRange::all(), [&](std::string_view line) {
      visit(line);
      return true;
    });
  }
  CompressedLines lines(kLongestManifestLineBytes, manifest_of(*file_));
  Sha256 hash;
  AscendingPaths paths(file_->name());
  bool header_passed = false;
  for (std::uint64_t at = 0; at < locator_.manifest_bytes; at += kPieceBytes) {
    const ByteVector bytes = read_manifest_piece(at, kPieceBytes);
    hash.update(bytes);
    lines.feed(bytes, [&](std::string_view line) {
      if (!std::exchange(header_passed, true)) return true;
      static_cast<void>(paths.next(line));
      visit(line);
      return true;
    });
  }
  if (!header_passed || !lines.at_end()) damaged(*file_, "its manifest is cut off");
  require_hash(hash.finish());
}

}  // namespace wobackup
