// Writing one large file from start to end without pushing anybody's data out of the page cache.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/bytes.h"

namespace wobackup {

/// Appends to an open, empty regular file from threads of its own, with O_DIRECT where the file system allows it: the
/// server's page cache stays with its visitors, no core copies the bytes, and the final sync finds nothing left to do.
/// Where it is not possible (tmpfs, some FUSE and network file systems) bytes go through the page cache, and their
/// transfer to the disk is begun early. A second thread shows the bytes to a hash, beside the disk's work.
///
/// Holds `kBlocks` blocks of `kBlockBytes`; `write` waits while all are under way. Used from one thread at a time.
class DiskStream {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{2} << 20U;
  static constexpr unsigned kBlocks = 4;

  /// `fd` outlives the object; nobody else writes to it or moves its position. `name` is for messages. `on_bytes` is
  /// called with all bytes in order, from one thread of the stream; it must not throw Error.
  DiskStream(int fd, std::string name, std::function<void(ByteSpan)> on_bytes);
  DiskStream(const DiskStream&) = delete;
  DiskStream& operator=(const DiskStream&) = delete;
  /// Without `finish`, what is under way may or may not reach the file.
  ~DiskStream();

  /// Throws the first error of the threads: no_space, failed.
  void write(ByteSpan bytes);
  /// All bytes are on the disk, and `on_bytes` has seen them. Throws as `write`.
  void finish();

 private:
  struct FreeMemory {
    void operator()(std::byte* memory) const noexcept;
  };
  struct Block {
    std::unique_ptr<std::byte, FreeMemory> memory;
    std::size_t size = 0;
  };

  // One of the two things that happen to every block; `passed` of those under way are behind it.
  struct Stage {
    std::size_t passed = 0;
  };

  void take_block();
  void hand_over();
  void check_locked() const;
  void run(Stage& stage, const std::function<void(ByteSpan)>& handle, const std::stop_token& stop);
  void release_locked();
  void put(ByteSpan bytes);
  std::size_t put_directly(ByteSpan bytes);
  void leave_direct();

  const int fd_;
  const std::string name_;
  const std::function<void(ByteSpan)> on_bytes_;
  bool direct_ = false;  // the writing thread's, once it runs, as the next two
  std::uint64_t written_bytes_ = 0;
  std::uint64_t flush_from_bytes_ = 0;
  Block block_;  // being filled
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Block> under_way_;
  Stage shown_;
  Stage written_;
  std::deque<Block> spare_;
  std::exception_ptr error_;
  std::jthread showing_;  // last: they use all of the above
  std::jthread writing_;
};

}  // namespace wobackup
