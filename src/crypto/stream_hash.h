// The SHA-256 of a stream, computed by threads that hash something else.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "base/byte_observer.h"
#include "crypto/sha256.h"
#include "crypto/sha256_lanes.h"

namespace wobackup {

/// Bytes are offered by one thread and hashed by any: by those that call sha256_many or SlicedSha256 with this stream
/// beside their own messages, which takes them little more time, or at last by `catch_up`. Where the processor has no
/// SHA extensions, by `catch_up` alone.
class StreamHash final : public ByteObserver {
 public:
  StreamHash() = default;

  /// All offers but the last have a multiple of 64 bytes.
  void offer(ByteSpan bytes) override;
  [[nodiscard]] std::uint64_t passed_bytes() const noexcept override { return passed_bytes_; }
  void catch_up(std::uint64_t bytes) override;
  /// REQUIRES: all that was offered has been passed.
  [[nodiscard]] Sha256Digest finish();

  /// The right to hash what was offered; one thread at a time has it. Asking does not wait: without the right, and
  /// without anything offered, `blocks` is 0.
  class Turn {
   public:
    explicit Turn(StreamHash* stream);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    [[nodiscard]] std::size_t blocks();
    [[nodiscard]] const std::byte* next() const noexcept { return stream_->at_.data(); }
    [[nodiscard]] sha256_lanes::State& state() noexcept { return stream_->state_; }
    void advance(std::size_t count);

   private:
    StreamHash* stream_;  // null: without the right
  };

 private:
  void take_piece();
  void pass(std::size_t bytes);
  void hash_pieces(std::uint64_t until);

  // Of whoever has the turn.
  sha256_lanes::State state_ = sha256_lanes::initial_state();
  Sha256 plain_;  // where there are no lanes
  ByteSpan at_;   // what is left of the piece in hand
  std::array<std::byte, sha256_lanes::kBlockBytes> tail_{};
  std::size_t tail_bytes_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ByteSpan> pieces_;
  bool taken_ = false;
  std::atomic<std::uint64_t> passed_bytes_{0};
};

}  // namespace wobackup
