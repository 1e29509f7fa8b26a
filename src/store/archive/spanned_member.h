// A member that fills more than one frame, while several threads read it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "container/manifest.h"
#include "crypto/sha256.h"
#include "store/archive/stored_file.h"
#include "store/archive/tar_order.h"

namespace wobackup {

/// Frames are decoded and written side by side, and hashed in their order. A part waits for those before it, so parts
/// must be begun in order.
class SpannedMember {
 public:
  SpannedMember(ManifestEntry listed, TarExtent extent);

  [[nodiscard]] const ManifestEntry& listed() const noexcept { return listed_; }

  /// Takes the part of the tar that begins at this offset. The first part holds all header blocks. Returns true once,
  /// when the member is complete, proven and delivered. Throws Error verification; the other parts are then useless.
  bool take(std::uint64_t tar_offset, ByteSpan part, std::string_view top, MemberSink& sink);
  /// A part could not be read. Returns true the first time.
  bool fail();

 private:
  void begin(ByteSpan part, std::string_view top, MemberSink& sink);
  bool hash_in_turn(std::uint64_t tar_offset, ByteSpan part, ByteSpan data);
  void finish();

  const ManifestEntry listed_;
  const TarExtent extent_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool failed_ = false;
  bool begun_ = false;
  std::uint64_t next_;  // what is hashed next
  // Set by `begin`, constant afterwards.
  std::uint64_t data_begin_ = 0, data_end_ = 0;  // in the tar
  std::optional<StoredFile> layout_;
  std::unique_ptr<FileReceiver> receiver_;
  Sha256 hash_;  // of the part whose turn it is
};

}  // namespace wobackup
