// What the threads that read an archive are given to do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "container/manifest.h"
#include "store/archive/spanned_member.h"
#include "store/archive/tar_order.h"

namespace wobackup {

/// What a frame holds of a member: all, or a part.
struct WholeMember {
  ManifestEntry listed;
  TarExtent extent;
};
struct PartOfMember {
  std::shared_ptr<SpannedMember> member;
  TarExtent extent;  // of the part
};
struct FrameWork {
  std::size_t frame = 0;
  std::vector<std::variant<WholeMember, PartOfMember>> pieces;
};

/// Work in order, with a limit on what waits; a thread that fails ends all. Thread-safe.
class FrameQueue {
 public:
  explicit FrameQueue(std::size_t most) : most_(most) {}

  /// Waits for room. False if there is no point in going on.
  bool put(FrameWork work) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return failure_ || queue_.size() < most_; });
    if (failure_) return false;
    queue_.push_back(std::move(work));
    changed_.notify_all();
    return true;
  }
  /// Nothing when all is done, or when it has failed.
  std::optional<FrameWork> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return failure_ || closed_ || !queue_.empty(); });
    if (failure_ || queue_.empty()) return std::nullopt;
    FrameWork work = std::move(queue_.front());
    queue_.pop_front();
    changed_.notify_all();
    return work;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void fail(std::exception_ptr failure) {
    const std::scoped_lock lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    changed_.notify_all();
  }
  /// REQUIRES: no thread uses the queue any more.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FrameWork> queue_;
  bool closed_ = false;
  std::exception_ptr failure_;
};

}  // namespace wobackup
