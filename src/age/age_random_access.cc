#include "age/age_random_access.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>

#include "age/file_key.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {
constexpr std::size_t kKeptChunks = 16;
constexpr std::uint64_t kChunksAtOnce = 16;
constexpr std::size_t kKeptOpeners = 8;

// What was opened may be a file of keys: it does not stay in memory that somebody else gets.
struct Wiped {
  explicit Wiped(std::size_t size_bytes) : bytes(size_bytes) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() {
    if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
  }
  ByteVector bytes;
};

std::shared_ptr<ByteVector> wiped_chunk(std::size_t size_bytes) {
  const auto chunk = std::make_shared<Wiped>(size_bytes);
  return {chunk, &chunk->bytes};
}

}  // namespace

// A cipher and the sealed bytes of some chunks: one reading thread's.
class AgeRandomAccess::Opener {
 public:
  Opener(const AgeRandomAccess& access, const Secret& key) : access_(access), aead_(key.bytes()) {}

  /// Reads the sealed bytes of chunks that follow each other.
  void load(std::uint64_t first, std::uint64_t count) {
    first_ = first;
    std::uint64_t size = 0;
    for (std::uint64_t i = first; i < first + count; ++i) size += access_.shape_.plain_bytes_of(i) + kAeadTagBytes;
    sealed_.resize(size);
    const std::size_t got = access_.file_.read(access_.chunks_begin_ + first * kSealedChunkBytes, sealed_);
    if (got != sealed_.size()) access_.damaged("it became shorter while it was read");
  }

  /// One of the chunks loaded.
  [[nodiscard]] bool open(std::uint64_t index, bool last, MutableByteSpan plain) {
    const ByteSpan sealed = ByteSpan(sealed_).subspan((index - first_) * kSealedChunkBytes);
    return aead_.open(chunk_nonce(index, last), sealed.first(plain.size() + kAeadTagBytes), plain);
  }
  void require(std::uint64_t index, MutableByteSpan plain) {
    if (open(index, index + 1 == access_.shape_.chunks && access_.has_end_, plain)) return;
    access_.damaged(fmt::format("chunk {} is not the one that was written there", index));
  }

 private:
  const AgeRandomAccess& access_;
  Aead aead_;
  ByteVector sealed_;
  std::uint64_t first_ = 0;
};

AgeRandomAccess::AgeRandomAccess(const RandomAccess& file, const AgeStructure& structure, const FileKey& key,
                                 AgeEnd end)
    : file_(file), chunks_begin_(structure.chunks_begin), shape_(structure.shape) {
  if (!has_right_mac(structure.header, key)) {
    throw Error(ErrorKind::verification, fmt::format("{}: the age header was changed: its HMAC is wrong", file.name()),
                "somebody edited the list of recipients, or the file is damaged; use another copy");
  }
  ByteVector nonce(kPayloadNonceBytes);
  if (file.read(chunks_begin_ - kPayloadNonceBytes, nonce) != nonce.size()) {
    damaged("it became shorter while it was read");
  }
  payload_key_ = payload_key(key, nonce);
  check_last(end);
}

AgeRandomAccess::~AgeRandomAccess() = default;

// A file cut off at the border of two chunks has the right form; only the flag in the last chunk's nonce tells.
void AgeRandomAccess::check_last(AgeEnd end) {
  if (shape_.chunks == 0) {
    has_end_ = false;
    return;
  }
  auto opener = std::make_unique<Opener>(*this, payload_key_);
  const std::uint64_t last = shape_.chunks - 1;
  opener->load(last, 1);
  const auto chunk = wiped_chunk(shape_.plain_bytes_of(last));
  if (opener->open(last, true, *chunk)) {
    keep(last, chunk);
    openers_.push_back(std::move(opener));
    return;
  }
  const bool cut_between = opener->open(last, false, *chunk);
  if (end == AgeEnd::may_be_missing) {
    has_end_ = false;
    if (cut_between) return;
    shape_.plain_bytes -= shape_.plain_bytes_of(last);
    --shape_.chunks;
    return;
  }
  if (cut_between) damaged("it is cut off: its last chunk is missing");
  damaged("its end is not the one that was written: it is cut off, something was appended, or its last chunk changed");
}

void AgeRandomAccess::damaged(const std::string& why) const {
  try {
    age_payload_wrong(why);
  } catch (const Error& error) {
    throw error.in(file_.name());
  }
}

AgeRandomAccess::Chunk AgeRandomAccess::kept(std::uint64_t index) const {
  const std::scoped_lock lock(mutex_);
  const auto place =
      std::find_if(chunks_.begin(), chunks_.end(), [&](const auto& each) { return each.first == index; });
  if (place == chunks_.end()) return nullptr;
  chunks_.splice(chunks_.begin(), chunks_, place);
  return place->second;
}

void AgeRandomAccess::keep(std::uint64_t index, Chunk chunk) const {
  const std::scoped_lock lock(mutex_);
  chunks_.emplace_front(index, std::move(chunk));
  if (chunks_.size() > kKeptChunks) chunks_.pop_back();
}

void AgeRandomAccess::read_part(Opener& opener, std::uint64_t index, std::size_t begin, MutableByteSpan out) const {
  Chunk chunk = kept(index);
  if (!chunk) {
    const auto opened = wiped_chunk(shape_.plain_bytes_of(index));
    opener.load(index, 1);
    opener.require(index, *opened);
    chunk = opened;
    keep(index, chunk);
  }
  std::copy_n(chunk->begin() + static_cast<std::ptrdiff_t>(begin), out.size(), out.begin());
}

std::size_t AgeRandomAccess::read(std::uint64_t offset, MutableByteSpan buffer) const {
  if (offset >= shape_.plain_bytes) return 0;
  buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), shape_.plain_bytes - offset)));
  std::unique_ptr<Opener> opener;
  {
    const std::scoped_lock lock(mutex_);
    if (!openers_.empty()) {
      opener = std::move(openers_.back());
      openers_.pop_back();
    }
  }
  if (!opener) opener = std::make_unique<Opener>(*this, payload_key_);
  for (std::size_t done = 0; done < buffer.size();) {
    const std::uint64_t index = (offset + done) / kAgeChunkBytes;
    const auto begin = static_cast<std::size_t>((offset + done) % kAgeChunkBytes);
    const MutableByteSpan rest = buffer.subspan(done);
    const std::size_t in_chunk = std::min(rest.size(), shape_.plain_bytes_of(index) - begin);
    if (begin != 0 || in_chunk < shape_.plain_bytes_of(index)) {
      read_part(*opener, index, begin, rest.first(in_chunk));
      done += in_chunk;
      continue;
    }
    // Whole chunks are opened where they are wanted.
    std::uint64_t count = 0;
    std::size_t size = 0;
    while (count < kChunksAtOnce && index + count < shape_.chunks) {
      const std::size_t next = shape_.plain_bytes_of(index + count);
      if (next > rest.size() - size) break;
      size += next;
      ++count;
    }
    opener->load(index, count);
    for (std::uint64_t i = 0; i < count; ++i) {
      opener->require(index + i, rest.subspan(i * kAgeChunkBytes, shape_.plain_bytes_of(index + i)));
    }
    done += size;
  }
  const std::scoped_lock lock(mutex_);
  if (openers_.size() < kKeptOpeners) openers_.push_back(std::move(opener));
  return buffer.size();
}

}  // namespace wobackup
