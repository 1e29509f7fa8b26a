// ChaCha20-Poly1305 by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "wobackup/secret.h"

namespace wobackup {

constexpr std::size_t kAeadKeyBytes = 32;
constexpr std::size_t kAeadTagBytes = 16;
using AeadNonce = std::array<std::byte, 12>;

/// Seals and opens messages with one key, without additional data. Used from one thread at a time.
class Aead {
 public:
  /// REQUIRES: a key of kAeadKeyBytes.
  explicit Aead(ByteSpan key);
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;
  ~Aead();

  /// Writes the sealed message, kAeadTagBytes longer than the plaintext. REQUIRES: no nonce comes twice for a key.
  void seal(const AeadNonce& nonce, ByteSpan plain, MutableByteSpan sealed);
  /// Writes the plaintext, kAeadTagBytes shorter. False, with the plaintext wiped, if this is not what was sealed.
  [[nodiscard]] bool open(const AeadNonce& nonce, ByteSpan sealed, MutableByteSpan plain);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace wobackup
