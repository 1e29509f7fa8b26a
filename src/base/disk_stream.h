// Writing one large file from start to end without pushing anybody's data out of the page cache.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/byte_observer.h"
#include "base/bytes.h"

namespace wobackup {

/// Appends to an open, empty regular file from a thread of its own, with O_DIRECT where the file system allows it: the
/// server's page cache stays with its visitors, no core copies the bytes, and the final sync finds nothing left to do.
/// Where it is not possible (tmpfs, some FUSE and network file systems) bytes go through the page cache, and their
/// transfer to the disk is begun early.
///
/// Holds `kBlocks` blocks of `kBlockBytes`; `write` waits while all are under way. Used from one thread at a time.
class DiskStream {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{2} << 20U;
  static constexpr unsigned kBlocks = 6;

  /// `fd` outlives the object; nobody else writes to it or moves its position. `name` is for messages. The
  /// observer outlives the object; it is offered all bytes, and works on them when no block is left to write to.
  DiskStream(int fd, std::string name, ByteObserver& observer);
  DiskStream(const DiskStream&) = delete;
  DiskStream& operator=(const DiskStream&) = delete;
  /// Without `finish`, what is under way may or may not reach the file.
  ~DiskStream();

  /// Throws the thread's Error: no_space, failed.
  void write(ByteSpan bytes);
  /// All bytes are on the disk, and the observer has passed them. Throws as `write`.
  void finish();

 private:
  struct FreeMemory {
    void operator()(std::byte* memory) const noexcept;
  };
  struct Block {
    std::unique_ptr<std::byte, FreeMemory> memory;
    std::size_t size = 0;
    std::uint64_t end = 0;  // its end's offset in the stream
  };

  void take_block();
  void hand_over();
  void check_locked() const;
  void work(const std::stop_token& stop);
  void make_room(std::unique_lock<std::mutex>& lock, std::size_t under_way);
  void put(ByteSpan bytes);
  std::size_t put_directly(ByteSpan bytes);
  void leave_direct();

  const int fd_;
  const std::string name_;
  ByteObserver& observer_;
  std::uint64_t handed_over_bytes_ = 0;
  bool direct_ = false;  // the writing thread's, once it runs, as the next two
  std::uint64_t written_bytes_ = 0;
  std::uint64_t flush_from_bytes_ = 0;
  Block block_;  // being filled
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Block> under_way_;
  std::size_t written_ = 0;  // of those under way
  std::deque<Block> spare_;
  std::exception_ptr error_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace wobackup
