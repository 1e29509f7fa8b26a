#include "crypto/sha256_many.h"

#include <algorithm>

#include "crypto/sha256_lane.h"
#include "crypto/stream_hash.h"

namespace wobackup {
namespace {

using sha256_lanes::kBlockBytes;
using sha256_lanes::Lane;

// One step of whatever is at hand: both lanes, or one lane and the stream, or one lane. False if no lane has work.
bool hash_some(Lane& first, Lane& second, StreamHash::Turn& stream) {
  Lane& one = first.blocks() > 0 ? first : second;
  if (one.blocks() == 0) return false;
  const auto beside = [&one](auto& other) {
    const std::size_t count = std::min(one.blocks(), other.blocks());
    sha256_lanes::hash_two(one.state(), one.next(), other.state(), other.next(), count);
    one.advance(count);
    other.advance(count);
  };
  if (&one == &first && second.blocks() > 0) {
    beside(second);
  } else if (stream.blocks() > 0) {
    beside(stream);
  } else {
    const std::size_t count = one.blocks();
    sha256_lanes::hash_one(one.state(), one.next(), count);
    one.advance(count);
  }
  return true;
}

}  // namespace

bool sha256_has_lanes() noexcept {
  static const bool has = sha256_lanes::supported();
  return has;
}

void sha256_many(std::span<const ByteSpan> messages, std::span<Sha256Digest> digests, StreamHash* beside) {
  if (!sha256_has_lanes()) {
    Sha256 hash;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      hash.update(messages[i]);
      digests[i] = hash.finish();
    }
    return;
  }
  StreamHash::Turn stream(beside);
  Lane lanes[2];
  std::size_t taken = 0;
  const auto refill = [&](Lane& lane) {
    if (lane.blocks() > 0 || taken == messages.size()) return;
    lane.begin_last(sha256_lanes::initial_state(), 0, messages[taken], digests[taken]);
    ++taken;
  };
  do {
    refill(lanes[0]);
    if (stream.blocks() == 0) refill(lanes[1]);  // else the stream goes beside the first
  } while (hash_some(lanes[0], lanes[1], stream));
}

void SlicedSha256::update(ByteSpan slice, StreamHash* beside) {
  const ByteSpan whole = slice.first(slice.size() / kBlockBytes * kBlockBytes);
  if (!sha256_has_lanes()) {
    plain_.update(slice);
    return;
  }
  StreamHash::Turn stream(beside);
  Lane lane;
  Lane none;
  lane.begin(state_, whole);
  while (hash_some(lane, none, stream)) continue;
  state_ = lane.state();
  whole_bytes_ += whole.size();
  tail_bytes_ = slice.size() - whole.size();
  std::copy_n(slice.data() + whole.size(), tail_bytes_, tail_.begin());
}

Sha256Digest SlicedSha256::finish() {
  if (!sha256_has_lanes()) return plain_.finish();
  Sha256Digest digest{};
  StreamHash::Turn nobody(nullptr);
  Lane lane;
  Lane none;
  lane.begin_last(state_, whole_bytes_, ByteSpan(tail_.data(), tail_bytes_), digest);
  while (hash_some(lane, none, nobody)) continue;
  return digest;
}

}  // namespace wobackup
