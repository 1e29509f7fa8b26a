#include "store/archive/dump_spool.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

#include "base/file_io.h"
#include "base/system_error.h"
#include "crypto/throwaway_cipher.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{4} << 20U;
constexpr std::size_t kBlockBytes = 512;
constexpr unsigned kInFlight = 2;
constexpr const char* kName = "the dump's temporary file";

}  // namespace

// The unnamed file and what lies in it.
class DumpSpool::Frames final : public FrameConsumer {
 public:
  Frames(UniqueFd spool, bool hidden) : spool_(std::move(spool)) {
    if (hidden) cipher_.emplace();
  }

  FramePlace take(ByteSpan compressed, std::uint64_t plain_bytes) override {
    if (cipher_) {
      enciphered_.assign(compressed.begin(), compressed.end());
      cipher_->apply(spooled_bytes_, enciphered_);
      compressed = enciphered_;
    }
    write_all(spool_.get(), compressed, kName);
    spooled_bytes_ += compressed.size();
    frames_.push_back({compressed.size(), plain_bytes});
    return {};
  }

  void clear() {
    frames_.clear();
    spooled_bytes_ = 0;
    if (cipher_) cipher_->renew();
    if (::ftruncate(spool_.get(), 0) != 0 || ::lseek(spool_.get(), 0, SEEK_SET) != 0) {
      throw system_error(std::string("cannot empty ") + kName, errno);
    }
  }

  void move_to(ContainerWriter& container) const {
    std::uint64_t offset = 0;
    for (const Frame& frame : frames_) {
      container.append_frame(frame.compressed_bytes, frame.plain_bytes,
                             [&](const std::function<void(ByteSpan)>& sink) { copy(offset, frame, sink); });
      offset += frame.compressed_bytes;
    }
  }

 private:
  struct Frame {
    std::uint64_t compressed_bytes, plain_bytes;
  };

  void copy(std::uint64_t offset, const Frame& frame, const std::function<void(ByteSpan)>& sink) const {
    std::vector<std::byte> buffer(std::min<std::uint64_t>(frame.compressed_bytes, std::uint64_t{1} << 20U));
    for (std::uint64_t done = 0; done < frame.compressed_bytes;) {
      const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), frame.compressed_bytes - done);
      const std::size_t size = pread_up_to(spool_.get(), {buffer.data(), wanted}, offset + done, kName);
      if (size == 0) throw Error(ErrorKind::failed, std::string(kName) + " is shorter than what was written");
      if (cipher_) cipher_->apply(offset + done, {buffer.data(), size});
      sink({buffer.data(), size});
      done += size;
    }
  }

  UniqueFd spool_;
  std::optional<ThrowawayCipher> cipher_;
  ByteVector enciphered_;
  std::uint64_t spooled_bytes_ = 0;
  std::vector<Frame> frames_;
};

// Memory of pieces that were compressed: using it again spares the system giving out (and clearing) new pages.
class DumpSpool::Spares {
 public:
  FrameBuffer take() {
    const std::scoped_lock lock(mutex_);
    if (buffers_.empty()) return {};
    FrameBuffer buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
  }
  void give(FrameBuffer buffer) {
    buffer.clear();
    const std::scoped_lock lock(mutex_);
    if (buffers_.size() < kInFlight) buffers_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<FrameBuffer> buffers_;
};

// A piece of the dump on its way to a worker.
class DumpSpool::Piece final : public FrameTask {
 public:
  Piece(FrameBuffer bytes, Spares& spares) : bytes_(std::move(bytes)), spares_(spares) {}
  void fill(FrameBuffer& plain) override { std::swap(plain, bytes_); }
  void placed(const FramePlace&) override { spares_.give(std::move(bytes_)); }

 private:
  FrameBuffer bytes_;
  Spares& spares_;
};

DumpSpool::DumpSpool(FramePool& pool, UniqueFd spool, bool hidden)
    : pool_(pool), frames_(std::make_unique<Frames>(std::move(spool), hidden)), spares_(std::make_unique<Spares>()) {
  open_stream();
}

DumpSpool::~DumpSpool() = default;

void DumpSpool::open_stream() { stream_ = std::make_unique<FrameStream>(pool_, *frames_, kInFlight); }

void DumpSpool::write(ByteSpan bytes) {
  hash_.update(bytes);
  size_bytes_ += bytes.size();
  while (!bytes.empty()) {
    pending_.reserve(kPieceBytes);
    const std::size_t count = std::min(bytes.size(), kPieceBytes - pending_.size());
    pending_.append(bytes.first(count));
    bytes = bytes.subspan(count);
    if (pending_.size() == kPieceBytes) submit_piece();
  }
}

void DumpSpool::submit_piece() {
  stream_->submit(std::make_unique<Piece>(std::exchange(pending_, spares_->take()), *spares_));
}

void DumpSpool::restart() {
  stream_.reset();
  frames_->clear();
  pending_.clear();
  static_cast<void>(hash_.finish());
  size_bytes_ = 0;
  open_stream();
}

void DumpSpool::finish() {
  const std::size_t tail = pending_.size() % kBlockBytes;
  if (tail > 0) pending_.append_zeros(kBlockBytes - tail);
  if (pending_.size() > 0) submit_piece();
  stream_->finish();
  digest_ = hash_.finish();
}

void DumpSpool::move_to(ContainerWriter& container) { frames_->move_to(container); }

}  // namespace wobackup
