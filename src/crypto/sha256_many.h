// The SHA-256 of several messages at once.
#pragma once

#include <span>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace wobackup {

/// Sets digests[i] to the SHA-256 of messages[i] (FIPS 180-4). One message after another leaves the processor's SHA
/// unit half idle, since each round waits for the one before: two messages side by side take little longer than one.
/// Where the processor has no SHA extensions (x86) OpenSSL does the work. Thread-safe.
///
/// REQUIRES: messages.size() == digests.size().
void sha256_many(std::span<const ByteSpan> messages, std::span<Sha256Digest> digests);

/// Whether the two-lane code is used on this machine. For tests and benchmarks.
[[nodiscard]] bool sha256_has_lanes() noexcept;

}  // namespace wobackup
