// The same bytes to several destinations at once.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/byte_output.h"
#include "base/cancellation.h"
#include "crypto/sha256.h"
#include "snapshot/destination.h"
#include "wobackup/error.h"

namespace wobackup {

/// A destination, and how long it may take nothing before the others go on without it.
struct FanOutPlace {
  Destination& destination;
  std::chrono::milliseconds stall;
};

/// What became of it.
struct Delivery {
  bool published = false;
  std::optional<Error> error;
  std::chrono::milliseconds elapsed{0};
};

/// Each destination has a thread, which takes blocks of 1 MiB from one queue that all of them share: at most
/// `most_blocks` are held, however many destinations there are. So the fastest is at most that far ahead of the
/// slowest, and waits for it: memory stays bounded, and no disk is filled behind the admin's back. One that fails, or
/// takes nothing for longer than its stall time while others wait, is given up with an error, and the rest goes on.
/// Used from one thread at a time; what it refers to outlives it.
class FanOut final : public ByteOutput {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{1} << 20U;
  static constexpr std::size_t kBlocks = 8;

  /// Begins at all of them. `run` ends waiting.
  FanOut(const std::vector<FanOutPlace>& places, std::string file_name, std::uint64_t size_hint_bytes,
         const Cancellation& run, std::size_t most_blocks = kBlocks);
  /// Gives up everywhere unless published.
  ~FanOut() override;

  /// Throws interrupted, and nothing else: what is written when no destination is left is lost.
  void write(ByteSpan bytes) override;
  /// That was all. Does not wait for those that are behind.
  void finish();
  /// REQUIRES: finish. Each publishes as soon as it has taken everything: one that cannot be reached keeps no other
  /// from being seen. `before` is called with its place just before, in a thread of its own; what it throws is its
  /// failure. Returns when each is done; one that is still behind when `run` ends has failed as interrupted.
  void publish(const std::function<void(std::size_t)>& before);

  /// Whether any destination is left.
  [[nodiscard]] bool alive() const;
  /// By place. Those without an error have taken everything so far.
  [[nodiscard]] std::vector<Delivery> deliveries() const;
  [[nodiscard]] std::uint64_t written_bytes() const noexcept { return written_bytes_; }  ///< from any thread
  /// REQUIRES: finish.
  [[nodiscard]] const Sha256Digest& sha256() const noexcept { return sha256_; }

 private:
  using Block = std::shared_ptr<ByteVector>;
  enum class Order { none, publish, give_up };
  struct Lane {
    explicit Lane(const FanOutPlace& place) : destination(place.destination), stall(place.stall) {}

    Destination& destination;
    std::chrono::milliseconds stall;
    std::uint64_t next = 0;  // the block it takes next
    Block taken;             // which it is writing; let go under the mutex only, so that nobody fills it meanwhile
    bool over = false;       // nothing more comes from its thread
    std::chrono::steady_clock::time_point moved = std::chrono::steady_clock::now();
    Delivery delivery;

    [[nodiscard]] bool live() const { return !delivery.error; }
  };

  void give_up_everywhere();
  void hand_over();
  template <class Done>
  void wait_until(std::unique_lock<std::mutex>& lock, const Done& done);
  [[nodiscard]] bool behind(const Lane& lane) const;
  void give_up_stalled();
  void drop_passed();
  [[nodiscard]] bool live_locked() const;
  [[nodiscard]] const ByteVector* take(Lane& lane);
  void pass(Lane& lane);
  [[nodiscard]] bool ordered_to_publish(Lane& lane);
  void deliver(Lane& lane, std::size_t place);
  void work(Lane& lane, std::size_t place);
  void fail(Lane& lane, Error error);

  const std::string file_name_;
  const std::uint64_t size_hint_bytes_;
  const Cancellation& run_;
  const std::size_t most_blocks_;
  std::atomic<std::uint64_t> written_bytes_{0};
  Sha256 hash_;
  Sha256Digest sha256_{};
  Block filling_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Block> blocks_;
  std::uint64_t first_ = 0;  // number of the first of them
  std::vector<Block> spare_;
  bool ended_ = false;
  std::function<void(std::size_t)> before_publishing_;
  Order order_ = Order::none;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace wobackup
