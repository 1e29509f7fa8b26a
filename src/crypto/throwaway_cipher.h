// Hides what lies in a temporary file.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wobackup/secret.h"

namespace wobackup {

/// ChaCha20 with a random key that is never stored: whoever gets the blocks of a temporary file later, or keeps the
/// disk that it lay on, has nothing of it. Bytes are enciphered and deciphered by their place in the file. It proves
/// nothing: what is read back has other sums. From any thread.
class ThrowawayCipher {
 public:
  ThrowawayCipher();
  /// Enciphers, or deciphers, in place. REQUIRES: no place is written twice without `renew`.
  void apply(std::uint64_t offset, MutableByteSpan bytes) const;
  /// Another key, for a file that begins anew.
  void renew();

 private:
  Secret key_;
};

}  // namespace wobackup
