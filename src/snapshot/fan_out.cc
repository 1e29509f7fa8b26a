#include "snapshot/fan_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace wobackup {
namespace {

using Clock = std::chrono::steady_clock;

Error stalled(std::chrono::milliseconds stall) {
  return {ErrorKind::failed,
          fmt::format("it took nothing for {} s while the others waited",
                      std::chrono::duration_cast<std::chrono::seconds>(stall).count()),
          "`wobackup copy` brings it there later; stall_timeout of the store says how long is too long"};
}

}  // namespace

FanOut::FanOut(const std::vector<FanOutPlace>& places, std::string file_name, std::uint64_t size_hint_bytes,
               const Cancellation& run, std::size_t most_blocks)
    : file_name_(std::move(file_name)), size_hint_bytes_(size_hint_bytes), run_(run), most_blocks_(most_blocks) {
  for (const FanOutPlace& place : places) {
    lanes_.push_back(std::make_unique<Lane>(place));
  }
  try {
    for (std::size_t i = 0; i < lanes_.size(); ++i) threads_.emplace_back([this, i] { work(*lanes_[i], i); });
  } catch (const std::system_error&) {
    give_up_everywhere();  // there may be no more threads, and those that run wait for blocks
    throw;
  }
}

FanOut::~FanOut() { give_up_everywhere(); }

void FanOut::give_up_everywhere() {
  const std::scoped_lock lock(mutex_);
  if (order_ != Order::none) return;
  order_ = Order::give_up;
  for (const std::unique_ptr<Lane>& lane : lanes_) lane->destination.cancel();
  changed_.notify_all();
}

bool FanOut::live_locked() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->live(); });
}

bool FanOut::alive() const {
  const std::scoped_lock lock(mutex_);
  return live_locked();
}

std::vector<Delivery> FanOut::deliveries() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Delivery> deliveries;
  for (const std::unique_ptr<Lane>& lane : lanes_) deliveries.push_back(lane->delivery);
  return deliveries;
}

void FanOut::write(ByteSpan bytes) {
  hash_.update(bytes);
  written_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (!filling_) {
      const std::scoped_lock lock(mutex_);
      if (spare_.empty()) {
        filling_ = std::make_shared<ByteVector>();
        filling_->reserve(kBlockBytes);
      } else {
        filling_ = std::move(spare_.back());
        spare_.pop_back();
        filling_->clear();
      }
    }
    const std::size_t count = std::min(bytes.size(), kBlockBytes - filling_->size());
    filling_->insert(filling_->end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (filling_->size() == kBlockBytes) hand_over();
  }
}

void FanOut::hand_over() {
  std::unique_lock lock(mutex_);
  wait_until(lock, [this] { return blocks_.size() < most_blocks_ || !live_locked(); });
  // Who has taken everything so far begins to be late now, and not while there was nothing to take.
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane->next == first_ + blocks_.size()) lane->moved = std::max(lane->moved, Clock::now());
  }
  if (live_locked()) {
    blocks_.push_back(std::move(filling_));
  } else {
    spare_.push_back(std::move(filling_));
  }
  filling_.reset();
  changed_.notify_all();
}

template <class Done>
void FanOut::wait_until(std::unique_lock<std::mutex>& lock, const Done& done) {
  while (!done()) {
    run_.check();
    give_up_stalled();
    if (done()) return;
    auto deadline = Clock::now() + std::chrono::hours(1);
    for (const std::unique_ptr<Lane>& lane : lanes_) {
      if (behind(*lane)) deadline = std::min(deadline, lane->moved + lane->stall);
    }
    changed_.wait_until(lock, run_.token(), deadline, done);
  }
}

// Something is there for it, and it does not take it.
bool FanOut::behind(const Lane& lane) const { return lane.live() && lane.next < first_ + blocks_.size(); }

void FanOut::give_up_stalled() {
  const auto now = Clock::now();
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (!behind(*lane) || now < lane->moved + lane->stall) continue;
    lane->delivery.error = stalled(lane->stall);
    lane->destination.cancel();
  }
  drop_passed();
}

void FanOut::drop_passed() {
  std::uint64_t passed = first_ + blocks_.size();
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane->live()) passed = std::min(passed, lane->next);
  }
  for (; first_ < passed; ++first_) {
    // One that was given up may be sending it still.
    if (blocks_.front().use_count() == 1) spare_.push_back(std::move(blocks_.front()));
    blocks_.pop_front();
  }
}

const ByteVector* FanOut::take(Lane& lane) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return lane.next < first_ + blocks_.size(); };
  changed_.wait(lock, [&] { return !lane.live() || order_ == Order::give_up || there() || ended_; });
  if (!lane.live() || order_ == Order::give_up || !there()) return nullptr;
  lane.taken = blocks_[static_cast<std::size_t>(lane.next - first_)];
  return lane.taken.get();
}

void FanOut::pass(Lane& lane) {
  const std::scoped_lock lock(mutex_);
  ++lane.next;
  lane.taken.reset();
  lane.moved = Clock::now();
  drop_passed();
  changed_.notify_all();
}

bool FanOut::ordered_to_publish(Lane& lane) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return order_ != Order::none || !lane.live(); });
  return order_ == Order::publish && lane.live();
}

void FanOut::deliver(Lane& lane, std::size_t place) {
  lane.destination.begin(file_name_, size_hint_bytes_);
  while (const ByteVector* block = take(lane)) {
    lane.destination.write(*block);
    pass(lane);
  }
  if (!ordered_to_publish(lane)) return;
  before_publishing_(place);
  if (!lane.destination.publish()) {
    throw Error(ErrorKind::failed,
                fmt::format("{} is there already", printable(lane.destination.address_of(file_name_).string())),
                "another server's backup of the same second? wobackup replaces nothing");
  }
  const std::scoped_lock lock(mutex_);
  lane.delivery.published = true;
  lane.delivery.error.reset();  // it was given up a moment too late
}

void FanOut::work(Lane& lane, std::size_t place) {
  const auto started = Clock::now();
  try {
    deliver(lane, place);
  } catch (const Error& error) {
    fail(lane, error);
  } catch (const std::exception& error) {
    fail(lane, Error(ErrorKind::failed, error.what()));
  }
  lane.destination.give_up();
  const std::scoped_lock lock(mutex_);
  lane.delivery.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
  lane.over = true;
  changed_.notify_all();
}

// The first error is the reason; what comes when it is given up is not.
void FanOut::fail(Lane& lane, Error error) {
  const std::scoped_lock lock(mutex_);
  if (lane.live()) lane.delivery.error = std::move(error);
  lane.taken.reset();
  drop_passed();
  changed_.notify_all();
}

void FanOut::finish() {
  if (filling_) hand_over();
  sha256_ = hash_.finish();
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void FanOut::publish(const std::function<void(std::size_t)>& before) {
  before_publishing_ = before;
  {
    std::unique_lock lock(mutex_);
    order_ = Order::publish;
    changed_.notify_all();
    try {
      wait_until(lock,
                 [this] { return std::all_of(lanes_.begin(), lanes_.end(), [](auto& lane) { return lane->over; }); });
    } catch (const Error& error) {
      for (const std::unique_ptr<Lane>& lane : lanes_) {
        if (lane->over) continue;
        if (lane->live()) lane->delivery.error = error;
        lane->destination.cancel();
      }
      changed_.notify_all();
    }
  }
  threads_.clear();
}

}  // namespace wobackup
