// Reads containers in part (docs/archive.md). The file is untrusted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random_access.h"
#include "container/locator.h"
#include "container/manifest.h"
#include "container/seek_table.h"

namespace wobackup {

/// An indexed container. Construction reads the last 64 KiB (and the rest of a seek table that is longer), nothing
/// else. All functions throw Error verification for what contradicts the format. May be used from several threads at
/// once.
class ContainerReader {
 public:
  /// No frame's plaintext is longer.
  static constexpr std::uint64_t kLargestPlain = std::uint64_t{8} << 20U;

  explicit ContainerReader(const RandomAccess& file);

  /// Whether the file ends like a container. Reads nine bytes.
  [[nodiscard]] static bool looks_indexed(const RandomAccess& file);

  [[nodiscard]] const Locator& locator() const noexcept { return locator_; }
  /// The data frames, without manifest and locator.
  [[nodiscard]] const std::vector<SeekFrame>& frames() const noexcept { return frames_; }
  /// The index of the frame that holds this offset of the tar.
  [[nodiscard]] std::size_t frame_at(std::uint64_t tar_offset) const;

  /// A frame's plaintext, its length and checksum compared.
  [[nodiscard]] ByteVector read_frame(std::size_t index) const;
  /// The manifest's first line: one small read.
  [[nodiscard]] ManifestHeader read_manifest_header() const;
  /// All entries in order, with bounded memory. At the end the manifest's hash has been compared; until then they are
  /// not to be trusted.
  void read_manifest(const std::function<void(const ManifestEntry&)>& visit) const;

 private:
  [[nodiscard]] ByteVector read_exactly(std::uint64_t offset, std::uint64_t size) const;

  const RandomAccess& file_;
  Locator locator_;
  std::vector<SeekFrame> frames_;
};

}  // namespace wobackup
