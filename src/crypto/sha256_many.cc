#include "crypto/sha256_many.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "crypto/sha256_lanes.h"

namespace wobackup {
namespace {

using sha256_lanes::kBlockBytes;
using sha256_lanes::State;

// A message that is being hashed: its whole blocks where they lie, then its padded end.
class Lane {
 public:
  void begin(ByteSpan message, Sha256Digest* digest) {
    digest_ = digest;
    state_ = sha256_lanes::initial_state();
    next_ = message.data();
    blocks_ = message.size() / kBlockBytes;
    const std::size_t left = message.size() % kBlockBytes;
    end_blocks_ = left + 9 <= kBlockBytes ? 1 : 2;
    std::memset(end_, 0, sizeof end_);
    if (left > 0) std::memcpy(end_, message.data() + message.size() - left, left);
    end_[left] = std::byte{0x80};
    std::uint64_t bits = std::uint64_t{message.size()} * 8;
    for (std::size_t at = end_blocks_ * kBlockBytes; bits > 0; bits >>= 8U) end_[--at] = static_cast<std::byte>(bits);
    if (blocks_ == 0) turn_to_end();
  }
  [[nodiscard]] bool active() const noexcept { return digest_ != nullptr; }
  [[nodiscard]] std::size_t blocks() const noexcept { return blocks_; }
  [[nodiscard]] const std::byte* next() const noexcept { return next_; }
  [[nodiscard]] State& state() noexcept { return state_; }

  // After `count` blocks were taken.
  void advance(std::size_t count) {
    next_ += count * kBlockBytes;
    blocks_ -= count;
    if (blocks_ > 0) return;
    if (end_blocks_ > 0) {
      turn_to_end();
    } else {
      sha256_lanes::store_digest(state_, *digest_);
      digest_ = nullptr;
    }
  }

 private:
  void turn_to_end() {
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

void hash_in_lanes(std::span<const ByteSpan> messages, std::span<Sha256Digest> digests) {
  Lane lanes[2];
  std::size_t taken = 0;
  while (true) {
    for (Lane& lane : lanes) {
      if (lane.active() || taken == messages.size()) continue;
      lane.begin(messages[taken], &digests[taken]);
      ++taken;
    }
    if (lanes[0].active() && lanes[1].active()) {
      const std::size_t count = std::min(lanes[0].blocks(), lanes[1].blocks());
      sha256_lanes::hash_two(lanes[0].state(), lanes[0].next(), lanes[1].state(), lanes[1].next(), count);
      lanes[0].advance(count);
      lanes[1].advance(count);
    } else if (lanes[0].active() || lanes[1].active()) {
      Lane& lane = lanes[0].active() ? lanes[0] : lanes[1];
      const std::size_t count = lane.blocks();
      sha256_lanes::hash_one(lane.state(), lane.next(), count);
      lane.advance(count);
    } else {
      return;
    }
  }
}

}  // namespace

bool sha256_has_lanes() noexcept {
  static const bool has = sha256_lanes::supported();
  return has;
}

void sha256_many(std::span<const ByteSpan> messages, std::span<Sha256Digest> digests) {
  if (sha256_has_lanes()) {
    hash_in_lanes(messages, digests);
    return;
  }
  Sha256 hash;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    hash.update(messages[i]);
    digests[i] = hash.finish();
  }
}

}  // namespace wobackup
