#include "container/frame_pool.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace wobackup {
namespace {

constexpr int kProbeFromLevel = 6;  // from here on, trying hard on photos costs more than probing them
constexpr std::size_t kProbeBytes = 4096;

std::size_t checked(std::size_t code) {
  if (ZSTD_isError(code) != 0) {
    throw Error(ErrorKind::failed, std::string("zstd failed: ") + ZSTD_getErrorName(code));
  }
  return code;
}

}  // namespace

// A thread's zstd context.
class FramePool::Compressor {
 public:
  explicit Compressor(int level) : level_(level), context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    checked(ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1));
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  ~Compressor() { ZSTD_freeCCtx(context_); }

  void compress(ByteSpan plain, FrameBuffer& out) {
    const bool hopeless = level_ >= kProbeFromLevel && looks_incompressible(plain);
    set_level(hopeless ? 1 : level_);
    out.clear();
    const MutableByteSpan room = out.grow(ZSTD_compressBound(plain.size()));
    out.shrink(checked(ZSTD_compress2(context_, room.data(), room.size(), plain.data(), plain.size())));
  }

 private:
  // Levels up to 19 have windows of 8 MiB at most, which is what docs/archive.md allows.
  void set_level(int level) { checked(ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level)); }

  // Three samples that do not shrink by 3 % at level 1 stand for the whole frame.
  bool looks_incompressible(ByteSpan plain) {
    if (plain.size() < 16 * kProbeBytes) return false;
    set_level(1);
    std::array<std::byte, kProbeBytes + 512> room{};
    std::size_t total = 0;
    for (const std::size_t part : {1U, 2U, 3U}) {
      const ByteSpan sample = plain.subspan(plain.size() / 4 * part, kProbeBytes);
      total += checked(ZSTD_compress2(context_, room.data(), room.size(), sample.data(), sample.size()));
    }
    return total * 100 > 3 * kProbeBytes * 97;
  }

  const int level_;
  ZSTD_CCtx* context_;
};

FramePool::FramePool(unsigned threads, int level, const Cancellation& cancellation)
    : cancellation_(cancellation), level_(level) {
  for (unsigned i = 0; i < std::max(1U, threads); ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

FramePool::~FramePool() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void FramePool::fail(std::exception_ptr error) noexcept {
  const std::scoped_lock lock(mutex_);
  if (!error_) error_ = std::move(error);
  progress_made_.notify_all();
  work_added_.notify_all();
}

bool FramePool::failed() const noexcept {
  const std::scoped_lock lock(mutex_);
  return error_ != nullptr || cancellation_.cancelled();
}

void FramePool::check() const {
  const std::scoped_lock lock(mutex_);
  check_locked();
}

void FramePool::check_locked() const {
  if (error_) std::rethrow_exception(error_);
  cancellation_.check();
}

void FramePool::work(const std::stop_token& stop) {
  FrameBuffer plain;
  try {
    Compressor compressor(level_);
    while (true) {
      Slot* slot = nullptr;
      {
        std::unique_lock lock(mutex_);
        if (!work_added_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
        slot = queue_.front();
        queue_.pop_front();
        ++slot->stream->running_;
      }
      std::exception_ptr error;
      try {
        run(*slot, compressor, plain);
      } catch (...) {
        error = std::current_exception();
      }
      std::unique_lock lock(mutex_);
      FrameStream& stream = *slot->stream;
      if (error && !error_) error_ = error;
      if (!error) slot->ready = true;
      if (!error_ && !stream.draining_) stream.drain(lock);
      --stream.running_;
      progress_made_.notify_all();
    }
  } catch (...) {
    fail(std::current_exception());
  }
}

void FramePool::run(Slot& slot, Compressor& compressor, FrameBuffer& plain) {
  check();
  plain.clear();
  slot.task->fill(plain);
  slot.plain_bytes = plain.size();
  slot.compressed.clear();
  if (plain.size() > 0) compressor.compress(plain.bytes(), slot.compressed);
  slot.task->compressed(plain.bytes());
}

FrameStream::FrameStream(FramePool& pool, FrameConsumer& consumer, unsigned in_flight)
    : pool_(pool), consumer_(consumer), in_flight_(std::max(1U, in_flight)) {}

FrameStream::~FrameStream() {
  std::unique_lock lock(pool_.mutex_);
  std::erase_if(pool_.queue_, [this](const FramePool::Slot* slot) { return slot->stream == this; });
  pool_.progress_made_.wait(lock, [this] { return running_ == 0; });
}

void FrameStream::submit(std::unique_ptr<FrameTask> task) {
  std::unique_lock lock(pool_.mutex_);
  const auto may_go_on = [this] { return slots_.size() < in_flight_ || pool_.error_; };
  while (!pool_.progress_made_.wait_for(lock, std::chrono::milliseconds(100), may_go_on)) pool_.check_locked();
  pool_.check_locked();
  std::unique_ptr<FramePool::Slot> slot;
  if (spare_.empty()) {
    slot = std::make_unique<FramePool::Slot>();
  } else {
    slot = std::move(spare_.back());
    spare_.pop_back();
  }
  slot->task = std::move(task);
  slot->stream = this;
  slot->ready = false;
  pool_.queue_.push_back(slot.get());
  slots_.push_back(std::move(slot));
  pool_.work_added_.notify_one();
}

void FrameStream::finish() {
  std::unique_lock lock(pool_.mutex_);
  const auto ended = [this] { return slots_.empty() || pool_.error_; };
  while (!pool_.progress_made_.wait_for(lock, std::chrono::milliseconds(100), ended)) pool_.check_locked();
  pool_.check_locked();
}

// Puts out the frames that are ready at the front. Called with the lock held; the lock is released while the consumer
// writes, so that other workers go on; `draining_` keeps the order.
void FrameStream::drain(std::unique_lock<std::mutex>& lock) {
  draining_ = true;
  while (!slots_.empty() && slots_.front()->ready && !pool_.error_) {
    FramePool::Slot& slot = *slots_.front();
    lock.unlock();
    std::exception_ptr error;
    try {
      FramePlace place;
      if (slot.plain_bytes > 0) place = consumer_.take(slot.compressed.bytes(), slot.plain_bytes);
      slot.task->placed(place);
      slot.task.reset();
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error) {
      if (!pool_.error_) pool_.error_ = error;
      break;
    }
    spare_.push_back(std::move(slots_.front()));
    slots_.pop_front();
    pool_.progress_made_.notify_all();
  }
  draining_ = false;
}

}  // namespace wobackup
