#include "backend/ordered_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

Error shorter(const RandomAccess& object) {
  return Error(ErrorKind::verification, fmt::format("{} ends too early", printable(object.name())));
}

// The pieces under way: slot i holds the pieces i, i + slots, i + 2 * slots ...
class PieceReading {
 public:
  PieceReading(const RandomAccess& object, std::uint64_t offset, std::uint64_t end, const OrderedReading& how)
      : object_(object),
        offset_(offset),
        end_(end),
        piece_bytes_(how.piece_bytes),
        pieces_((end - offset + how.piece_bytes - 1) / how.piece_bytes),
        slots_(static_cast<std::size_t>(std::min<std::uint64_t>(how.parallel + 1U, pieces_))) {
    const auto threads = std::min<std::uint64_t>(how.parallel, pieces_);
    for (std::uint64_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
  }
  PieceReading(const PieceReading&) = delete;
  PieceReading& operator=(const PieceReading&) = delete;
  ~PieceReading() {
    for (std::jthread& thread : threads_) thread.request_stop();
  }

  void deliver(const std::function<void(ByteSpan)>& sink) {
    for (std::uint64_t piece = 0; piece < pieces_; ++piece) {
      Slot& slot = slots_[piece % slots_.size()];
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return slot.full || error_; });
        if (!slot.full) std::rethrow_exception(error_);
      }
      sink(slot.bytes);
      const std::scoped_lock lock(mutex_);
      slot.full = false;
      ++delivered_;
      changed_.notify_all();
    }
  }

 private:
  struct Slot {
    ByteVector bytes;
    bool full = false;
  };

  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto may_begin = [this] { return error_ || next_ == pieces_ || next_ < delivered_ + slots_.size(); };
    while (changed_.wait(lock, stop, may_begin) && !stop.stop_requested() && !error_ && next_ < pieces_) {
      const std::uint64_t piece = next_++;
      Slot& slot = slots_[piece % slots_.size()];
      lock.unlock();
      std::exception_ptr error;
      try {
        fill(slot, piece);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error && !error_) error_ = error;
      slot.full = !error;
      changed_.notify_all();
    }
  }

  void fill(Slot& slot, std::uint64_t piece) const {
    const std::uint64_t from = offset_ + piece * piece_bytes_;
    slot.bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes_, end_ - from)));
    if (object_.read(from, slot.bytes) != slot.bytes.size()) throw shorter(object_);
  }

  const RandomAccess& object_;
  const std::uint64_t offset_;
  const std::uint64_t end_;
  const std::size_t piece_bytes_;
  const std::uint64_t pieces_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t next_ = 0;
  std::uint64_t delivered_ = 0;
  std::exception_ptr error_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace

void read_in_order(const RandomAccess& object, std::uint64_t offset, std::uint64_t end, const OrderedReading& how,
                   const std::function<void(ByteSpan)>& sink) {
  if (end > object.size() || offset > end) throw shorter(object);
  if (offset == end) return;
  PieceReading(object, offset, end, how).deliver(sink);
}

ByteVector read_object(ObjectReader& reader, const std::string& key, std::size_t limit_bytes) {
  const std::unique_ptr<OpenObject> object = reader.open(key, {.tail_bytes = limit_bytes});
  if (object->size() > limit_bytes) {
    throw Error(ErrorKind::verification,
                fmt::format("{} is larger than {}", printable(object->name()), human_size(limit_bytes)));
  }
  ByteVector bytes(static_cast<std::size_t>(object->size()));
  if (object->read(0, bytes) != bytes.size()) throw shorter(*object);
  return bytes;
}

}  // namespace wobackup
