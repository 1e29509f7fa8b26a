// S-LOC: where a container's manifest lies (docs/archive.md).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace wobackup {

struct Locator {
  std::uint64_t manifest_offset = 0;  ///< of the payload, behind the skippable frame's header
  std::uint64_t manifest_bytes = 0;
  Sha256Digest manifest_sha256{};
  std::uint64_t tar_bytes = 0;
};

/// Length of the whole skippable frame.
constexpr std::size_t kLocatorBytes = 8 + 8 + 8 + 8 + 32 + 8;

[[nodiscard]] ByteVector encode_locator(const Locator& locator);
/// Nothing if the bytes are not exactly a locator. Its values are untrusted.
[[nodiscard]] std::optional<Locator> parse_locator(ByteSpan bytes);

}  // namespace wobackup
