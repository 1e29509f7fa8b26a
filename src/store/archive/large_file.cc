#include "store/archive/large_file.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "container/tar_encode.h"

namespace wobackup {

// One frame of the file. The header comes with the first, the padding with the last.
class LargeFile::Slice final : public FrameTask {
 public:
  Slice(std::shared_ptr<LargeFile> file, std::uint64_t index) : file_(std::move(file)), index_(index) {}

  void fill(FrameBuffer& plain) override {
    if (index_ == 0) append_header(plain, file_->context_, file_->member_.entry);
    bytes_begin_ = plain.size();
    file_->fill(index_, plain);
    bytes_end_ = plain.size();
    if (last()) plain.append_zeros(padding_to_block(plain.size()));
    // If it is this slice's turn already, hashing now uses bytes that are still in the cache.
    hashed_ = file_->hash_if_next(index_, plain.bytes().subspan(bytes_begin_, bytes_end_ - bytes_begin_));
  }

  void compressed(ByteSpan plain) override {
    if (!hashed_) file_->hash_in_turn(index_, plain.subspan(bytes_begin_, bytes_end_ - bytes_begin_));
  }

  void placed(const FramePlace& place) override {
    if (index_ == 0) file_->member_.tar_offset = place.plain_offset;
    if (last()) enter_member(file_->context_, file_->member_);
  }

 private:
  [[nodiscard]] bool last() const { return index_ + 1 == file_->slices_; }

  std::shared_ptr<LargeFile> file_;
  std::uint64_t index_;
  std::size_t bytes_begin_ = 0;
  std::size_t bytes_end_ = 0;
  bool hashed_ = false;
};

LargeFile::LargeFile(ArchiveContext& context, FramePool& pool, ArchiveMember member)
    : context_(context),
      pool_(pool),
      member_(std::move(member)),
      stored_(member_.entry),
      slices_(std::max<std::uint64_t>(1, (stored_.size() + kSliceBytes - 1) / kSliceBytes)) {}

std::unique_ptr<FrameTask> LargeFile::slice(std::uint64_t index) {
  return std::make_unique<Slice>(shared_from_this(), index);
}

void LargeFile::fill(std::uint64_t index, FrameBuffer& plain) {
  const std::uint64_t begin = index * kSliceBytes;
  const std::uint64_t size = std::min(kSliceBytes, stored_.size() - begin);
  const MutableByteSpan bytes = plain.grow(static_cast<std::size_t>(size));
  bool short_read = false;
  const ContentProblem problem = stored_.read(*member_.content, begin, bytes, short_read);
  context_.record.bytes_read += size;
  if (!problem && !short_read) return;
  const std::scoped_lock lock(mutex_);
  short_read_ = short_read_ || short_read;
  if (problem && member_.error.empty()) member_.error = problem.what;
}

bool LargeFile::hash_if_next(std::uint64_t index, ByteSpan bytes) {
  {
    const std::scoped_lock lock(mutex_);
    if (next_to_hash_ != index) return false;
  }
  hash_now(index, bytes);
  return true;
}

void LargeFile::hash_in_turn(std::uint64_t index, ByteSpan bytes) {
  {
    std::unique_lock lock(mutex_);
    // The slice before this one began earlier, so its turn comes, unless everything has failed.
    while (!turn_.wait_for(lock, std::chrono::milliseconds(50), [&] { return next_to_hash_ == index; })) {
      lock.unlock();
      pool_.check();
      lock.lock();
    }
  }
  hash_now(index, bytes);
}

// Only the slice whose turn it is gets here, so the hash itself needs no lock.
void LargeFile::hash_now(std::uint64_t index, ByteSpan bytes) {
  hash_.update(bytes, context_.beside);
  const bool last = index + 1 == slices_;
  if (last) member_.sha256 = hash_.finish();
  const std::scoped_lock lock(mutex_);
  next_to_hash_ = index + 1;
  if (last) {
    const Stability stability = member_.content->stability();
    member_.content.reset();
    if (!member_.error.empty()) {
      member_.flags.emplace_back("unreadable");
    } else if (short_read_ || stability == Stability::changed) {
      member_.flags.emplace_back("changed");
    } else if (stability == Stability::grew) {
      member_.flags.emplace_back("grew");
    }
  }
  turn_.notify_all();
}

}  // namespace wobackup
