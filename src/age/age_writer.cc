#include "age/age_writer.h"

#include <algorithm>
#include <utility>

#include "age/age_header.h"
#include "age/file_key.h"
#include "age/payload.h"
#include "crypto/aead.h"

namespace wobackup {
namespace {
constexpr std::size_t kBlockChunks = 16;
constexpr std::size_t kBlockBytes = kBlockChunks * kAgeChunkBytes;
}  // namespace

AgeWriter::AgeWriter(ByteOutput& output, std::span<const std::unique_ptr<const Recipient>> recipients, unsigned threads)
    : output_(output), filling_(std::make_unique<Block>()) {
  const FileKey key = random_file_key();
  std::vector<AgeStanza> stanzas;
  for (const auto& recipient : recipients) stanzas.push_back(recipient->wrap(key));
  ByteVector nonce(kPayloadNonceBytes);
  fill_with_random(nonce);
  payload_key_ = payload_key(key, nonce);
  if (threads == 0) aead_ = std::make_unique<Aead>(payload_key_.bytes());
  output_.write(bytes_of(age_header_text(stanzas, key)));
  output_.write(nonce);
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

AgeWriter::~AgeWriter() = default;

void AgeWriter::seal(Block& block, Aead& aead) {
  const std::size_t chunks = std::max<std::size_t>(1, (block.plain.size() + kAgeChunkBytes - 1) / kAgeChunkBytes);
  block.sealed.resize(block.plain.size() + chunks * kAeadTagBytes);
  for (std::size_t i = 0; i < chunks; ++i) {
    ByteSpan plain = ByteSpan(block.plain).subspan(i * kAgeChunkBytes);
    plain = plain.first(std::min(plain.size(), kAgeChunkBytes));
    aead.seal(chunk_nonce(block.first_chunk + i, block.last && i + 1 == chunks), plain,
              MutableByteSpan(block.sealed).subspan(i * kSealedChunkBytes, plain.size() + kAeadTagBytes));
  }
}

void AgeWriter::work(const std::stop_token& stop) {
  try {
    Aead aead(payload_key_.bytes());
    std::unique_lock lock(mutex_);
    while (true) {
      const auto next = [this] {
        return std::find_if(under_way_.begin(), under_way_.end(), [](const auto& block) { return !block->taken; });
      };
      if (!changed_.wait(lock, stop, [&] { return next() != under_way_.end(); })) return;
      Block& block = **next();
      block.taken = true;
      lock.unlock();
      seal(block, aead);
      lock.lock();
      block.ready = true;
      changed_.notify_all();
    }
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    if (!error_) error_ = std::current_exception();
    changed_.notify_all();
  }
}

// Chunks go from the caller's memory through a buffer that stays in the processor's cache.
void AgeWriter::write_sealed(ByteSpan bytes) {
  ByteVector& begun = filling_->plain;
  while (!bytes.empty()) {
    // The last chunk is sealed as such, and must not be empty: a full one waits until more comes.
    if (begun.size() == kAgeChunkBytes) {
      put_chunk(begun, false);
      begun.clear();
    }
    if (begun.empty() && bytes.size() > kAgeChunkBytes) {
      put_chunk(bytes.first(kAgeChunkBytes), false);
      bytes = bytes.subspan(kAgeChunkBytes);
      continue;
    }
    const std::size_t size = std::min(bytes.size(), kAgeChunkBytes - begun.size());
    begun.insert(begun.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
  }
}

void AgeWriter::put_chunk(ByteSpan plain, bool last) {
  filling_->sealed.resize(plain.size() + kAeadTagBytes);
  aead_->seal(chunk_nonce(chunks_++, last), plain, filling_->sealed);
  output_.write(filling_->sealed);
}

void AgeWriter::write(ByteSpan bytes) {
  if (threads_.empty()) return write_sealed(bytes);
  while (!bytes.empty()) {
    // As above.
    if (filling_->plain.size() == kBlockBytes) hand_over(false);
    filling_->plain.reserve(kBlockBytes);
    const std::size_t size = std::min(bytes.size(), kBlockBytes - filling_->plain.size());
    filling_->plain.insert(filling_->plain.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
  }
}

void AgeWriter::hand_over(bool last) {
  filling_->first_chunk = chunks_;
  filling_->last = last;
  chunks_ += kBlockChunks;
  {
    const std::scoped_lock lock(mutex_);
    under_way_.push_back(std::move(filling_));
    changed_.notify_all();
  }
  put_out(last ? 0 : threads_.size() + 1);
  if (spare_.empty()) {
    filling_ = std::make_unique<Block>();
  } else {
    filling_ = std::move(spare_.back());
    spare_.pop_back();
  }
}

// Writes what is ready, in order; waits while more than so many blocks are under way.
void AgeWriter::put_out(std::size_t most_under_way) {
  while (true) {
    std::unique_ptr<Block> block;
    {
      std::unique_lock lock(mutex_);
      const auto first_is_ready = [this] { return !under_way_.empty() && under_way_.front()->ready; };
      if (under_way_.size() > most_under_way) changed_.wait(lock, [&] { return error_ || first_is_ready(); });
      if (error_) std::rethrow_exception(error_);
      if (!first_is_ready()) return;
      block = std::move(under_way_.front());
      under_way_.pop_front();
    }
    output_.write(block->sealed);
    block->plain.clear();
    block->taken = block->ready = false;
    spare_.push_back(std::move(block));
  }
}

void AgeWriter::finish() {
  if (threads_.empty()) return put_chunk(filling_->plain, true);
  hand_over(true);
}

}  // namespace wobackup
