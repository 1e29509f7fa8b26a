// The SHA-256 of several messages at once.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "crypto/sha256_lanes.h"

namespace wobackup {

class StreamHash;

/// Sets digests[i] to the SHA-256 of messages[i] (FIPS 180-4). One message after another leaves the processor's SHA
/// unit half idle, since each round waits for the one before: two messages side by side take little longer than one.
/// The second may be a stream's bytes. Where the processor has no SHA extensions (x86) OpenSSL does the work.
/// Thread-safe.
///
/// REQUIRES: messages.size() == digests.size().
void sha256_many(std::span<const ByteSpan> messages, std::span<Sha256Digest> digests, StreamHash* beside = nullptr);

/// Incremental SHA-256 of a message that comes in large slices. Used from one thread at a time.
class SlicedSha256 {
 public:
  /// REQUIRES: all slices but the last have a multiple of 64 bytes.
  void update(ByteSpan slice, StreamHash* beside = nullptr);
  [[nodiscard]] Sha256Digest finish();

 private:
  sha256_lanes::State state_ = sha256_lanes::initial_state();
  std::uint64_t whole_bytes_ = 0;
  std::array<std::byte, sha256_lanes::kBlockBytes> tail_{};
  std::size_t tail_bytes_ = 0;
  Sha256 plain_;  // where there are no lanes
};

/// Whether the two-lane code is used on this machine. For tests and benchmarks.
[[nodiscard]] bool sha256_has_lanes() noexcept;

}  // namespace wobackup
