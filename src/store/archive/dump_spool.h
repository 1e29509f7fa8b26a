// Compressed frames of a stream whose length is not known yet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_sink.h"
#include "base/unique_fd.h"
#include "container/container_writer.h"
#include "container/frame_pool.h"
#include "crypto/sha256.h"

namespace wobackup {

/// A tar member needs its size in front. So a dump is compressed as it comes, its frames are kept in an unnamed file,
/// and are appended to the archive once the size is known. Written by one thread; moved to the archive by another,
/// after `finish`.
class DumpSpool final : public ByteSink {
 public:
  /// `spool` is an empty unnamed file. `hidden`: what lies in it is enciphered, since the archive will be encrypted.
  DumpSpool(FramePool& pool, UniqueFd spool, bool hidden);
  ~DumpSpool() override;

  void write(ByteSpan bytes) override;
  void restart() override;
  /// Pads the last frame to whole tar blocks and waits until all frames are in the file.
  void finish();

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] const Sha256Digest& sha256() const noexcept { return digest_; }
  /// Appends all frames. REQUIRES: finish was called.
  void move_to(ContainerWriter& container);

 private:
  class Frames;
  class Spares;
  class Piece;
  void submit_piece();
  void open_stream();

  FramePool& pool_;
  std::unique_ptr<Frames> frames_;
  std::unique_ptr<Spares> spares_;
  std::unique_ptr<FrameStream> stream_;
  FrameBuffer pending_;
  Sha256 hash_;
  Sha256Digest digest_{};
  std::uint64_t size_bytes_ = 0;
};

}  // namespace wobackup
