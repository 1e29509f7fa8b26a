// Where an archive's members go when it is read: into a folder, or nowhere when they are only to be proven.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "container/entry.h"

namespace wobackup {

/// One regular file that is being restored. Destroyed without `finish`, nothing of it may remain under its name.
class FileReceiver {
 public:
  FileReceiver() = default;
  FileReceiver(const FileReceiver&) = delete;
  FileReceiver& operator=(const FileReceiver&) = delete;
  virtual ~FileReceiver() = default;
  /// Logical bytes; what is never written is a hole or zeros. May be called by several threads at once, for ranges that
  /// do not overlap. Throws Error.
  virtual void write(std::uint64_t offset, ByteSpan bytes) = 0;
  /// All bytes were written, and they have the hash that they should. Called once, by one thread.
  virtual void finish() = 0;
};

/// May be called by several threads at once, for members in any order.
class MemberSink {
 public:
  MemberSink() = default;
  MemberSink(const MemberSink&) = delete;
  MemberSink& operator=(const MemberSink&) = delete;
  virtual ~MemberSink() = default;
  /// A regular file; null if its bytes need not be delivered. `proven`: its hash was compared already, and it comes in
  /// one call of `write`, or a few for a sparse one. The entry is complete, with attributes and segments.
  [[nodiscard]] virtual std::unique_ptr<FileReceiver> file(const Entry& entry, bool proven) = 0;
  /// Everything else.
  virtual void other(const Entry& entry) = 0;
};

}  // namespace wobackup
