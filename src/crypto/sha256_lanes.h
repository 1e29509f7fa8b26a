// The compression function of SHA-256 for one or two messages, by the SHA extensions of x86 processors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace wobackup::sha256_lanes {

constexpr std::size_t kBlockBytes = 64;

/// The eight words a to h of FIPS 180-4, in the order in which the processor wants them: f e b a, h g d c.
struct alignas(16) State {
  std::array<std::uint32_t, 8> words{};
};

/// Whether this processor has what the functions below need. Without it they must not be called.
[[nodiscard]] bool supported() noexcept;
[[nodiscard]] State initial_state() noexcept;
/// Takes `blocks` blocks of 64 bytes.
void hash_one(State& state, const std::byte* data, std::size_t blocks) noexcept;
/// The same for two independent messages, in little more time.
void hash_two(State& first, const std::byte* first_data, State& second, const std::byte* second_data,
              std::size_t blocks) noexcept;
void store_digest(const State& state, Sha256Digest& digest) noexcept;

}  // namespace wobackup::sha256_lanes
