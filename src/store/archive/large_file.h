// A file that has frames of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "container/frame_pool.h"
#include "crypto/sha256_many.h"
#include "store/archive/archive_member.h"
#include "store/archive/stored_bytes.h"

namespace wobackup {

/// Files whose stored bytes exceed this are cut into frames of this size, so that a frame, and so the memory of each
/// thread, stays small, and a part of a large file can be read alone.
constexpr std::uint64_t kSliceBytes = std::uint64_t{4} << 20U;

/// The slices of one file are read and compressed on several threads; only their hashing is in order. Such a file
/// cannot be read again when it changes meanwhile, as its first frames have left: it is flagged.
class LargeFile : public std::enable_shared_from_this<LargeFile> {
 public:
  /// REQUIRES: member.content is open.
  LargeFile(ArchiveContext& context, FramePool& pool, ArchiveMember member);

  [[nodiscard]] std::uint64_t slices() const noexcept { return slices_; }
  [[nodiscard]] std::unique_ptr<FrameTask> slice(std::uint64_t index);

 private:
  class Slice;
  void fill(std::uint64_t index, FrameBuffer& plain);
  bool hash_if_next(std::uint64_t index, ByteSpan bytes);
  void hash_in_turn(std::uint64_t index, ByteSpan bytes);
  void hash_now(std::uint64_t index, ByteSpan bytes);

  ArchiveContext& context_;
  FramePool& pool_;
  ArchiveMember member_;
  StoredBytes stored_;
  std::uint64_t slices_;

  std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t next_to_hash_ = 0;
  SlicedSha256 hash_;
  bool short_read_ = false;
};

}  // namespace wobackup
