// Threads that fill and compress frames, and streams that put them out in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/cancellation.h"
#include "container/frame_buffer.h"

namespace wobackup {

/// Where a frame's plaintext begins in its stream.
struct FramePlace {
  std::uint64_t plain_offset = 0;
};

/// What becomes one frame. The three calls come in this order, the first two from one worker thread, the last from any
/// worker, for the frames of a stream one after another in the order of submission.
class FrameTask {
 public:
  FrameTask() = default;
  FrameTask(const FrameTask&) = delete;
  FrameTask& operator=(const FrameTask&) = delete;
  virtual ~FrameTask() = default;
  /// Appends the plaintext. May leave it empty: then no frame is written, but `placed` is called all the same.
  virtual void fill(FrameBuffer& plain) = 0;
  /// After compression, while the plaintext still exists.
  virtual void compressed(ByteSpan plain) { static_cast<void>(plain); }
  virtual void placed(const FramePlace& place) = 0;
};

/// Takes the compressed frames of a stream, in order, one call at a time.
class FrameConsumer {
 public:
  FrameConsumer() = default;
  FrameConsumer(const FrameConsumer&) = delete;
  FrameConsumer& operator=(const FrameConsumer&) = delete;
  virtual ~FrameConsumer() = default;
  virtual FramePlace take(ByteSpan compressed, std::uint64_t plain_bytes) = 0;
};

class FrameStream;

/// The worker threads. Tasks start in the order of submission over all streams. The first exception of a task, a
/// consumer or `fail` ends all work: it is thrown by every call that waits. The destructor stops and joins.
///
/// Memory: each thread holds one plaintext and a zstd context; each stream at most `in_flight` compressed frames.
class FramePool {
 public:
  /// `threads` >= 1; `level` is zstd's, 1 to 19. The cancellation outlives the pool.
  FramePool(unsigned threads, int level, const Cancellation& cancellation);
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool();

  /// Ends all work with this error, unless there is one already. Any thread.
  void fail(std::exception_ptr error) noexcept;
  [[nodiscard]] bool failed() const noexcept;
  /// Throws the first error, or interrupted.
  void check() const;

 private:
  friend class FrameStream;
  struct Slot {
    std::unique_ptr<FrameTask> task;
    FrameStream* stream = nullptr;
    FrameBuffer compressed;
    std::uint64_t plain_bytes = 0;
    bool ready = false;
  };
  class Compressor;

  void work(const std::stop_token& stop);
  void run(Slot& slot, Compressor& compressor, FrameBuffer& plain);
  void check_locked() const;

  const Cancellation& cancellation_;
  const int level_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any work_added_;
  mutable std::condition_variable_any progress_made_;
  std::deque<Slot*> queue_;
  std::exception_ptr error_;
  std::vector<std::jthread> threads_;
};

/// Frames in order. `submit` and `finish` come from one thread. Must end before its pool and its consumer.
class FrameStream {
 public:
  FrameStream(FramePool& pool, FrameConsumer& consumer, unsigned in_flight);
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;
  /// Waits for the tasks that are being worked on; drops those that have not begun.
  ~FrameStream();

  /// Hands over a task; waits while `in_flight` frames are under way. Throws the pool's first error.
  void submit(std::unique_ptr<FrameTask> task);
  /// Waits until all frames are placed. Throws the pool's first error.
  void finish();

 private:
  friend class FramePool;
  void drain(std::unique_lock<std::mutex>& lock);

  FramePool& pool_;
  FrameConsumer& consumer_;
  const unsigned in_flight_;
  std::deque<std::unique_ptr<FramePool::Slot>> slots_;  // under the pool's mutex
  std::vector<std::unique_ptr<FramePool::Slot>> spare_;
  unsigned running_ = 0;   // tasks in a worker's hands
  bool draining_ = false;  // a worker is putting out frames
};

}  // namespace wobackup
