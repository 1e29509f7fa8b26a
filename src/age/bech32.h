// Bech32 (BIP 173), in which age writes keys; without its limit of 90 characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wobackup/secret.h"

namespace wobackup {

struct Bech32 {
  std::string prefix;  ///< in lower case
  Secret data;         ///< it may be a secret key
};

/// In lower case: prefix, "1", the data in 5-bit digits, a checksum of six.
[[nodiscard]] Secret bech32(std::string_view prefix, ByteSpan data);
/// Nothing for text in mixed case, with a wrong checksum, foreign characters or bits that mean nothing.
[[nodiscard]] std::optional<Bech32> from_bech32(std::string_view text);

}  // namespace wobackup
