// The payload's chunks (STREAM): 64 KiB each, sealed one by one, with their number and a flag for the last in the
// nonce.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "crypto/aead.h"

namespace wobackup {

constexpr std::size_t kAgeChunkBytes = std::size_t{64} << 10U;
constexpr std::size_t kSealedChunkBytes = kAgeChunkBytes + kAeadTagBytes;
constexpr std::size_t kPayloadNonceBytes = 16;

/// 11 bytes of counter, big-endian, and the flag.
[[nodiscard]] AeadNonce chunk_nonce(std::uint64_t index, bool last) noexcept;

/// How a plaintext is cut.
struct PayloadShape {
  std::uint64_t chunks = 1;
  std::uint64_t plain_bytes = 0;
  /// Of a payload of this length, without its nonce. Throws Error verification for one that cannot be: the last chunk
  /// is missing, or is empty without being the only one.
  [[nodiscard]] static PayloadShape of_sealed(std::uint64_t sealed_bytes);
  /// The same of one that may have lost its end: what is no chunk is left out. There may be none.
  [[nodiscard]] static PayloadShape of_what_is_left(std::uint64_t sealed_bytes) noexcept;
  [[nodiscard]] std::size_t plain_bytes_of(std::uint64_t chunk) const noexcept;
};

/// Throws Error verification: the encrypted data is damaged, why.
[[noreturn]] void age_payload_wrong(const std::string& why);

}  // namespace wobackup
