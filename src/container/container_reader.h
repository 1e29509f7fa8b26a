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
#include "container/known_manifest.h"
#include "container/locator.h"
#include "container/manifest.h"
#include "container/seek_table.h"

namespace wobackup {

/// Which entries of a manifest somebody wants.
struct ManifestFilter {
  std::function<bool(std::string_view path)> path;
  std::vector<PathRange> ranges = {};  ///< where they all are, sorted and apart; none: anywhere
};

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
  /// All entries in order, with bounded memory. A manifest of up to 8 MiB (compressed) is proven by its hash before the
  /// first is visited, and stays in memory. A larger one is proven at the end: until then nothing is to be trusted.
  void read_manifest(const std::function<void(const ManifestEntry&)>& visit) const;
  /// Only entries that the filter takes; the others are not even looked at, but the hash is compared all the same.
  void read_manifest(const ManifestFilter& wanted, const std::function<void(const ManifestEntry&)>& visit) const;
  /// The entries' lines as they stand, under the same condition.
  void read_manifest_lines(const std::function<void(std::string_view)>& visit) const;

 private:
  ContainerReader(const RandomAccess& file, std::vector<SeekFrame> listed, const std::optional<Locator>& locator);
  [[nodiscard]] ByteSpan read_encoded(std::size_t index, FrameScratch& scratch) const;
  [[nodiscard]] ByteVector read_manifest_piece(std::uint64_t at, std::uint64_t most_bytes) const;

  /// Nothing if it is too large to be kept.
  [[nodiscard]] std::shared_ptr<const KnownManifest> known_manifest() const;
  void require_hash(const Sha256Digest& digest) const;

  const RandomAccess* file_;
  Locator locator_;
  std::vector<SeekFrame> frames_;
  struct Known;
  std::shared_ptr<Known> known_;
};

}  // namespace wobackup
