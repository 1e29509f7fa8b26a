#include "age/payload.h"

#include <fmt/format.h>

#include <algorithm>

#include "wobackup/error.h"

namespace wobackup {

AeadNonce chunk_nonce(std::uint64_t index, bool last) noexcept {
  AeadNonce nonce{};
  for (std::size_t i = 0; i < sizeof index; ++i) {
    nonce[10 - i] = static_cast<std::byte>((index >> (8 * i)) & 0xffU);
  }
  nonce.back() = last ? std::byte{1} : std::byte{0};
  return nonce;
}

PayloadShape PayloadShape::of_sealed(std::uint64_t sealed_bytes) {
  const std::uint64_t chunks = (sealed_bytes + kSealedChunkBytes - 1) / kSealedChunkBytes;
  if (chunks == 0) age_payload_wrong("it is cut off before its first chunk");
  const std::uint64_t last = sealed_bytes - (chunks - 1) * kSealedChunkBytes;
  if (last < kAeadTagBytes) age_payload_wrong("it is cut off within its last chunk, or something was appended");
  if (last == kAeadTagBytes && chunks > 1) age_payload_wrong("its last chunk is empty: it was cut off, or changed");
  return {chunks, sealed_bytes - chunks * kAeadTagBytes};
}

PayloadShape PayloadShape::of_what_is_left(std::uint64_t sealed_bytes) noexcept {
  const std::uint64_t rest = sealed_bytes % kSealedChunkBytes;
  if (rest <= kAeadTagBytes) sealed_bytes -= rest;
  const std::uint64_t chunks = (sealed_bytes + kSealedChunkBytes - 1) / kSealedChunkBytes;
  return {chunks, sealed_bytes - chunks * kAeadTagBytes};
}

std::size_t PayloadShape::plain_bytes_of(std::uint64_t chunk) const noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(kAgeChunkBytes, plain_bytes - chunk * kAgeChunkBytes));
}

void age_payload_wrong(const std::string& why) {
  throw Error(ErrorKind::verification, fmt::format("the encrypted data is damaged: {}", why),
              "the file was damaged or changed; another copy of it may be whole");
}

}  // namespace wobackup
