#include "inspect/entry_stream.h"

#include <utility>

namespace wobackup {
namespace {
constexpr std::size_t kBatchEntries = 128;
constexpr std::size_t kBatchBytes = std::size_t{1} << 20U;
constexpr std::size_t kBatchesAhead = 3;
}  // namespace

EntryStream::EntryStream(std::function<void(const Push&)> produce)
    : thread_([this, produce = std::move(produce)] { run(produce); }) {}

EntryStream::~EntryStream() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void EntryStream::run(const std::function<void(const Push&)>& produce) {
  Batch batch;
  std::size_t bytes = 0;
  std::exception_ptr error;
  try {
    produce([&](StreamedEntry entry) {
      bytes += entry.listed.entry.path.size() + entry.listed.entry.link.size() + entry.listed.error.size();
      batch.push_back(std::move(entry));
      if (batch.size() < kBatchEntries && bytes < kBatchBytes) return;
      hand_over(std::exchange(batch, {}));
      bytes = 0;
    });
    hand_over(std::move(batch));
  } catch (const Stopped&) {
    return;
  } catch (...) {
    error = std::current_exception();
  }
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    error_ = error;
  }
  changed_.notify_all();
}

void EntryStream::hand_over(Batch batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || ready_.size() < kBatchesAhead; });
  if (stopped_) throw Stopped{};
  ready_.push_back(std::move(batch));
  changed_.notify_all();
}

std::optional<StreamedEntry> EntryStream::next() {
  while (position_ == current_.size()) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || !ready_.empty(); });
    if (ready_.empty()) {
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
      return std::nullopt;
    }
    current_ = std::move(ready_.front());
    ready_.pop_front();
    position_ = 0;
    changed_.notify_all();
  }
  return std::move(current_[position_++]);
}

}  // namespace wobackup
