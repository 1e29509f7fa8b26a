// One message, or a part of one, on its way through the compression function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "crypto/sha256_lanes.h"

namespace wobackup::sha256_lanes {

/// Whole blocks are taken where they lie; then, at the message's end, one or two blocks with its padding.
class Lane {
 public:
  /// The rest of a message of which `bytes_before` (a multiple of a block) led to `state`; its digest goes to `digest`.
  void begin_last(const State& state, std::uint64_t bytes_before, ByteSpan part, Sha256Digest& digest) {
    begin(state, part);
    digest_ = &digest;
    const std::size_t left = part.size() % kBlockBytes;
    end_blocks_ = left + 9 <= kBlockBytes ? 1 : 2;
    std::memset(end_, 0, sizeof end_);
    if (left > 0) std::memcpy(end_, part.data() + part.size() - left, left);
    end_[left] = std::byte{0x80};
    std::uint64_t bits = (bytes_before + part.size()) * 8;
    for (std::size_t at = end_blocks_ * kBlockBytes; bits > 0; bits >>= 8U) end_[--at] = static_cast<std::byte>(bits);
    if (blocks_ == 0) turn_to_end();
  }
  /// Whole blocks of a message that goes on. When they are done, `state()` is what came of them.
  void begin(const State& state, ByteSpan part) {
    state_ = state;
    next_ = part.data();
    blocks_ = part.size() / kBlockBytes;
    end_blocks_ = 0;
    digest_ = nullptr;
  }

  /// 0: there is nothing left to do.
  [[nodiscard]] std::size_t blocks() const noexcept { return blocks_; }
  [[nodiscard]] const std::byte* next() const noexcept { return next_; }
  [[nodiscard]] State& state() noexcept { return state_; }

  /// After `count` blocks were taken.
  void advance(std::size_t count) noexcept {
    next_ += count * kBlockBytes;
    blocks_ -= count;
    if (blocks_ > 0) return;
    if (end_blocks_ > 0) {
      turn_to_end();
    } else if (digest_ != nullptr) {
      store_digest(state_, *digest_);
    }
  }

 private:
  void turn_to_end() noexcept {
    next_ = end_;
    blocks_ = std::exchange(end_blocks_, 0);
  }

  State state_{};
  const std::byte* next_ = nullptr;
  std::size_t blocks_ = 0;
  std::size_t end_blocks_ = 0;
  std::byte end_[2 * kBlockBytes]{};
  Sha256Digest* digest_ = nullptr;
};

}  // namespace wobackup::sha256_lanes
