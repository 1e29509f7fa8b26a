// Reads containers in part (docs/archive.md). The file is untrusted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/random_access.h"
#include "container/frame_decode.h"
#include "container/locator.h"
#include "container/manifest.h"
#include "container/seek_table.h"

namespace wobackup {

/// An indexed container. All functions throw Error verification, with the file's name, for what contradicts the format.
/// The file must outlive the reader. May be used from several threads at once.
class ContainerReader {
 public:
  /// Reads the last 64 KiB, and the whole seek table if it is longer; nothing else. Nothing if the file does not end in
  /// a seek table, or in one of another program (which lists no locator).
  [[nodiscard]] static std::optional<ContainerReader> open(const RandomAccess& file);
  /// The same where there must be an index: without one, this is Error verification too.
  explicit ContainerReader(const RandomAccess& file);

  [[nodiscard]] const Locator& locator() const noexcept { return locator_; }
  /// The data frames, without manifest and locator. At least one.
  [[nodiscard]] const std::vector<SeekFrame>& frames() const noexcept { return frames_; }
  /// The index of the frame that holds this offset of the tar.
  [[nodiscard]] std::size_t frame_at(std::uint64_t tar_offset) const;

  /// A frame's plaintext, at most 8 MiB, its length and checksum compared.
  [[nodiscard]] ByteVector read_frame(std::size_t index) const;
  /// The same into scratch memory, where it stays until the next call.
  [[nodiscard]] ByteSpan read_frame(std::size_t index, FrameScratch& scratch) const;
  /// The same, but `plain_bytes` from its beginning do: if it is longer, nothing has been compared.
  [[nodiscard]] ByteSpan read_frame_beginning(std::size_t index, std::size_t plain_bytes, FrameScratch& scratch) const;
  /// The manifest's first line: one small read.
  [[nodiscard]] ManifestHeader read_manifest_header() const;
  /// All entries in order, with bounded memory. At the end the manifest's hash has been compared; until then they are
  /// not to be trusted.
  void read_manifest(const std::function<void(const ManifestEntry&)>& visit) const;
  /// Only entries whose path `wanted` takes; the others are not even looked at, but the hash is compared all the same.
  void read_manifest(const std::function<bool(std::string_view path)>& wanted,
                     const std::function<void(const ManifestEntry&)>& visit) const;
  /// The entries' lines as they stand, under the same condition. Those of a small manifest stay in memory, so that a
  /// second look costs little.
  void read_manifest_lines(const std::function<void(std::string_view)>& visit) const;

 private:
  ContainerReader(const RandomAccess& file, std::vector<SeekFrame> listed, const std::optional<Locator>& locator);
  [[nodiscard]] ByteSpan read_encoded(std::size_t index, FrameScratch& scratch) const;
  [[nodiscard]] ByteVector read_manifest_piece(std::uint64_t at, std::uint64_t most_bytes) const;

  const RandomAccess* file_;
  Locator locator_;
  std::vector<SeekFrame> frames_;
  struct KnownLines;
  std::shared_ptr<KnownLines> known_;
};

}  // namespace wobackup
