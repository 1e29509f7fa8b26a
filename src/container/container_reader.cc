#include "container/container_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "container/compressed_lines.h"
#include "container/frame_decode.h"
#include "container/tar_encode.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kTailBytes = 65536;
constexpr std::uint64_t kHeaderPieceBytes = 65536;
constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 18U;
constexpr std::size_t kKnownLinesBytes = std::size_t{8} << 20U;
constexpr std::size_t kLongestHeaderBytes = std::size_t{4} << 20U;
constexpr std::size_t kLongestLineBytes = std::size_t{32} << 20U;  // a dump of 250,000 tables
constexpr std::uint32_t kSkippableMagic = 0x184D2A5B;
constexpr std::uint64_t kSkippableHeaderBytes = 8;

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

/// The lines of a small manifest whose hash has been compared.
struct ContainerReader::KnownLines {
  [[nodiscard]] std::shared_ptr<const std::string> text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  void keep(std::string&& text) {
    const std::lock_guard lock(mutex_);
    text_ = std::make_shared<const std::string>(std::move(text));
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const std::string> text_;
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
    : file_(&file), frames_(std::move(listed)), known_(std::make_shared<KnownLines>()) {
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
  CompressedLines lines(kLongestHeaderBytes, manifest_of(*file_));
  std::optional<ManifestHeader> header;
  for (std::uint64_t at = 0; !header && at < locator_.manifest_bytes; at += kHeaderPieceBytes) {
    lines.feed(read_manifest_piece(at, kHeaderPieceBytes), [&](std::string_view line) {
      header = naming(*file_, [&] { return manifest_header_from(line); });
      return false;
    });
  }
  if (!header) damaged(*file_, "its manifest has no header");
  return *std::move(header);
}

void ContainerReader::read_manifest(const std::function<void(const ManifestEntry&)>& visit) const {
  read_manifest_lines([&](std::string_view line) { visit(naming(*file_, [&] { return manifest_entry_from(line); })); });
}

void ContainerReader::read_manifest(const std::function<bool(std::string_view path)>& wanted,
                                    const std::function<void(const ManifestEntry&)>& visit) const {
  read_manifest_lines([&](std::string_view line) {
    const std::optional<std::string_view> path = plain_path_of(line);
    if (path && !wanted(*path)) return;
    const ManifestEntry listed = naming(*file_, [&] { return manifest_entry_from(line); });
    if (path || wanted(listed.entry.path)) visit(listed);
  });
}

void ContainerReader::read_manifest_lines(const std::function<void(std::string_view)>& visit) const {
  if (const auto known = known_->text()) {
    for (std::size_t at = 0, end = 0; at < known->size(); at = end + 1) {
      end = known->find('\n', at);
      visit(std::string_view(*known).substr(at, end - at));
    }
    return;
  }
  CompressedLines lines(kLongestLineBytes, manifest_of(*file_));
  Sha256 hash;
  bool header_passed = false;
  std::string text;
  bool small = locator_.manifest_bytes <= kKnownLinesBytes;
  for (std::uint64_t at = 0; at < locator_.manifest_bytes; at += kPieceBytes) {
    const ByteVector bytes = read_manifest_piece(at, kPieceBytes);
    hash.update(bytes);
    lines.feed(bytes, [&](std::string_view line) {
      if (header_passed) {
        small = small && text.size() + line.size() < kKnownLinesBytes;
        if (small) text.append(line).push_back('\n');
        visit(line);
      }
      header_passed = true;
      return true;
    });
  }
  if (!header_passed || !lines.at_end()) damaged(*file_, "its manifest is cut off");
  if (hash.finish() != locator_.manifest_sha256) damaged(*file_, "its manifest does not have the hash that it should");
  if (small) known_->keep(std::move(text));
}

}  // namespace wobackup
