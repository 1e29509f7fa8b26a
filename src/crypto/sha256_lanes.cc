#include "crypto/sha256_lanes.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace wobackup::sha256_lanes {
namespace {

// FIPS 180-4, 5.3.3, in the order of State.
constexpr State kInitial{
    {0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667, 0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372}};
// Which word of State is a, b, ... h.
constexpr std::array<std::size_t, 8> kPlaces{3, 2, 7, 6, 1, 0, 5, 4};

}  // namespace

State initial_state() noexcept { return kInitial; }

void store_digest(const State& state, Sha256Digest& digest) noexcept {
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint32_t word = state.words.at(kPlaces.at(i));
    for (std::size_t byte = 0; byte < 4; ++byte) {
      digest.at(i * 4 + byte) = static_cast<Sha256Digest::value_type>(word >> (24 - 8 * byte));
    }
  }
}

#if defined(__x86_64__)

namespace {

// FIPS 180-4, 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> kRound{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// Lanes are hashed in lockstep: while one waits for its round, the other's is computed.
template <std::size_t kLanes>
__attribute__((target("sha,sse4.1"), always_inline)) inline void hash_lanes(const std::array<State*, kLanes>& states,
                                                                            std::array<const std::byte*, kLanes> data,
                                                                            std::size_t blocks) noexcept {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const auto* const round = reinterpret_cast<const __m128i*>(kRound.data());
  __m128i abef[kLanes];
  __m128i cdgh[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    abef[lane] = _mm_load_si128(reinterpret_cast<const __m128i*>(states[lane]->words.data()));
    cdgh[lane] = _mm_load_si128(reinterpret_cast<const __m128i*>(states[lane]->words.data()) + 1);
  }
  for (; blocks > 0; --blocks) {
    __m128i before_abef[kLanes];
    __m128i before_cdgh[kLanes];
    __m128i words[kLanes][4];  // the last 16 of the message schedule
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      before_abef[lane] = abef[lane];
      before_cdgh[lane] = cdgh[lane];
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < 16; ++i) {
#pragma GCC unroll 2
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        __m128i* const w = words[lane];
        if (i < 4) {
          const auto* const block = reinterpret_cast<const __m128i*>(data[lane]);
          w[i] = _mm_shuffle_epi8(_mm_loadu_si128(block + i), big_endian);
        } else {
          const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
                                            _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
          w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
        }
        const __m128i added = _mm_add_epi32(w[i % 4], _mm_load_si128(round + i));
        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], added);
        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(added, 0x0E));
      }
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      abef[lane] = _mm_add_epi32(abef[lane], before_abef[lane]);
      cdgh[lane] = _mm_add_epi32(cdgh[lane], before_cdgh[lane]);
      data[lane] += kBlockBytes;
    }
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    _mm_store_si128(reinterpret_cast<__m128i*>(states[lane]->words.data()), abef[lane]);
    _mm_store_si128(reinterpret_cast<__m128i*>(states[lane]->words.data()) + 1, cdgh[lane]);
  }
}

}  // namespace

bool supported() noexcept {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kSse41 = 1U << 19U;
  constexpr unsigned kShaNi = 1U << 29U;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kSse41) == 0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kShaNi) != 0;
}

__attribute__((target("sha,sse4.1"))) void hash_one(State& state, const std::byte* data, std::size_t blocks) noexcept {
  hash_lanes<1>({&state}, {data}, blocks);
}

__attribute__((target("sha,sse4.1"))) void hash_two(State& first, const std::byte* first_data, State& second,
                                                    const std::byte* second_data, std::size_t blocks) noexcept {
  hash_lanes<2>({&first, &second}, {first_data, second_data}, blocks);
}

#else

bool supported() noexcept { return false; }
void hash_one(State&, const std::byte*, std::size_t) noexcept {}
void hash_two(State&, const std::byte*, State&, const std::byte*, std::size_t) noexcept {}

#endif

}  // namespace wobackup::sha256_lanes
