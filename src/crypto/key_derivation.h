// Keys out of keys and passphrases, by OpenSSL.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "wobackup/secret.h"

namespace wobackup {

/// HKDF-SHA256.
[[nodiscard]] Secret hkdf_sha256(ByteSpan key, ByteSpan salt, std::string_view info, std::size_t size_bytes);

/// scrypt with r 8, p 1 and N = 2^log_n; 32 bytes. Takes 2^log_n KiB of memory. Throws Error failed for more than the
/// machine has, before the system ends some process for it.
[[nodiscard]] Secret scrypt(ByteSpan passphrase, ByteSpan salt, unsigned log_n);

[[nodiscard]] Sha256Digest hmac_sha256(ByteSpan key, ByteSpan message);

/// Takes the same time wherever they differ.
[[nodiscard]] bool same_bytes(ByteSpan a, ByteSpan b) noexcept;

/// From the system's generator for keys.
void fill_with_random(MutableByteSpan bytes);

}  // namespace wobackup
