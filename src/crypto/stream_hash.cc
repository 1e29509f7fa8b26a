#include "crypto/stream_hash.h"

#include <algorithm>

#include "crypto/sha256_lane.h"
#include "crypto/sha256_many.h"

namespace wobackup {

using sha256_lanes::kBlockBytes;

void StreamHash::offer(ByteSpan bytes) {
  const std::scoped_lock lock(mutex_);
  pieces_.push_back(bytes);
}

void StreamHash::take_piece() {
  const std::scoped_lock lock(mutex_);
  if (pieces_.empty()) return;
  at_ = pieces_.front();
  pieces_.pop_front();
}

// So many bytes of the piece in hand are done. Its last few, which make no block, are kept for the end.
void StreamHash::pass(std::size_t bytes) {
  at_ = at_.subspan(bytes);
  if (at_.size() < kBlockBytes && !at_.empty()) {
    std::copy(at_.begin(), at_.end(), tail_.begin());
    tail_bytes_ = at_.size();
    bytes += at_.size();
    at_ = {};
  }
  const std::scoped_lock lock(mutex_);
  passed_bytes_ += bytes;
  changed_.notify_all();
}

void StreamHash::hash_pieces(std::uint64_t until) {
  while (passed_bytes_ < until) {
    if (at_.empty()) take_piece();
    if (at_.empty()) return;
    const std::size_t whole = at_.size() / kBlockBytes * kBlockBytes;
    if (sha256_has_lanes()) {
      sha256_lanes::hash_one(state_, at_.data(), whole / kBlockBytes);
    } else {
      plain_.update(at_.first(whole));
    }
    pass(whole);
  }
}

void StreamHash::catch_up(std::uint64_t bytes) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !taken_ || passed_bytes_ >= bytes; });
    if (passed_bytes_ >= bytes) return;
    taken_ = true;
  }
  hash_pieces(bytes);
  const std::scoped_lock lock(mutex_);
  taken_ = false;
  changed_.notify_all();
}

Sha256Digest StreamHash::finish() {
  const ByteSpan tail(tail_.data(), tail_bytes_);
  if (!sha256_has_lanes()) {
    plain_.update(tail);
    return plain_.finish();
  }
  Sha256Digest digest{};
  sha256_lanes::Lane lane;
  lane.begin_last(state_, passed_bytes_ - tail_bytes_, tail, digest);
  while (lane.blocks() > 0) {
    const std::size_t count = lane.blocks();
    sha256_lanes::hash_one(lane.state(), lane.next(), count);
    lane.advance(count);
  }
  return digest;
}

StreamHash::Turn::Turn(StreamHash* stream) : stream_(sha256_has_lanes() ? stream : nullptr) {
  if (stream_ == nullptr) return;
  const std::scoped_lock lock(stream_->mutex_);
  if (stream_->taken_) {
    stream_ = nullptr;
  } else {
    stream_->taken_ = true;
  }
}

StreamHash::Turn::~Turn() {
  if (stream_ == nullptr) return;
  const std::scoped_lock lock(stream_->mutex_);
  stream_->taken_ = false;
  stream_->changed_.notify_all();
}

std::size_t StreamHash::Turn::blocks() {
  if (stream_ == nullptr) return 0;
  if (stream_->at_.empty()) stream_->take_piece();
  if (!stream_->at_.empty() && stream_->at_.size() < kBlockBytes) stream_->pass(0);  // no block at all
  return stream_->at_.size() / kBlockBytes;
}

void StreamHash::Turn::advance(std::size_t count) { stream_->pass(count * kBlockBytes); }

}  // namespace wobackup
