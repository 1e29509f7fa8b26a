// A frame of many small members.
#pragma once

#include <vector>

#include "container/frame_pool.h"
#include "store/archive/archive_member.h"

namespace wobackup {

/// A frame's plaintext never exceeds this (docs/archive.md).
constexpr std::size_t kLargestFrameBytes = std::size_t{8} << 20U;

/// Reads its files in the worker, so that opening, reading, hashing and compressing run on all threads. A file that
/// was rewritten while it was read is read again, since its frame has not left yet.
class BundleTask final : public FrameTask {
 public:
  BundleTask(ArchiveContext& context, std::vector<ArchiveMember> members);

  void fill(FrameBuffer& plain) override;
  void placed(const FramePlace& place) override;

 private:
  void store(ArchiveMember& member, FrameBuffer& plain);
  void store_bytes(ArchiveMember& member, FrameBuffer& plain);
  bool read_once(ArchiveMember& member, FrameBuffer& plain, bool last_try);
  void hash(ByteSpan plain);

  // Where a member's content lies in the frame.
  struct ContentPlace {
    ArchiveMember* member;
    std::size_t begin;
    std::size_t size;
  };

  ArchiveContext& context_;
  std::vector<ArchiveMember> members_;
  std::vector<ContentPlace> contents_;
};

}  // namespace wobackup
