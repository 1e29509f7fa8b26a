// X25519 (RFC 7748) by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "wobackup/secret.h"

namespace wobackup {

using X25519Point = std::array<std::byte, 32>;

/// The public half of a secret key of 32 bytes.
[[nodiscard]] X25519Point x25519_public(ByteSpan secret);

/// The shared secret; nothing if it is all zeros, which a point of low order brings about.
[[nodiscard]] std::optional<Secret> x25519_shared(ByteSpan secret, const X25519Point& point);

}  // namespace wobackup
