// Writes a container: data frames, then manifest, locator and seek table (docs/archive.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/byte_output.h"
#include "container/frame_pool.h"
#include "crypto/sha256.h"

namespace wobackup {

class SeekTableBuilder;

/// The manifest's zstd frames, written twice: once to be hashed, once to the container. Calls the sink piece by piece.
using ManifestPayload = std::function<void(const std::function<void(ByteSpan)>& sink)>;

/// The one writer of containers. Frames arrive through a FrameStream (`take`) or, compressed before, by `append_frame`.
/// After `finish` nothing may be added. Used from one thread at a time.
class ContainerWriter final : public FrameConsumer {
 public:
  explicit ContainerWriter(ByteOutput& output);
  ~ContainerWriter() override;

  FramePlace take(ByteSpan compressed, std::uint64_t plain_bytes) override;

  /// Takes over a frame whose compressed bytes `copy` writes to the output itself, piece by piece.
  FramePlace append_frame(std::uint64_t compressed_bytes, std::uint64_t plain_bytes,
                          const std::function<void(const std::function<void(ByteSpan)>& sink)>& copy);

  /// Length of the plaintext so far.
  [[nodiscard]] std::uint64_t plain_bytes() const noexcept { return plain_bytes_; }

  /// Writes S-MAN, S-LOC and S-SEEK. `manifest_bytes` is the payload's length, at most 4 GiB.
  void finish(std::uint64_t manifest_bytes, const ManifestPayload& manifest);
  /// Of the payload, once finished.
  [[nodiscard]] const Sha256Digest& manifest_sha256() const noexcept { return manifest_sha256_; }

 private:
  void write(ByteSpan bytes);

  ByteOutput& output_;
  std::unique_ptr<SeekTableBuilder> seek_table_;
  std::uint64_t plain_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
  Sha256Digest manifest_sha256_{};
};

}  // namespace wobackup
