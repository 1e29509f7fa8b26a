// Skips the bytes of a dump that mean nothing to the SQL scanner: sixteen at a time with SSE2, else one by one.
// Part of the scanner.
#pragma once

#include <array>

#ifdef __SSE2__
#include <emmintrin.h>

#include <bit>
#endif

namespace wobackup {

/// The first `quote` in [at, end), or with `escapes` the first backslash if that comes sooner; `end` (or `at`, if that
/// lies behind it) if there is none.
inline const char* find_in_string(const char* at, const char* end, char quote, bool escapes) noexcept {
  const char other = escapes ? '\\' : quote;
#ifdef __SSE2__
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i others = _mm_set1_epi8(other);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, others));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at < end && *at != quote && *at != other) ++at;
  return at;
}

/// The first byte in [at, end) that may begin or end something between the values of a row; `end` if there is none.
/// Commas, numbers, NULL, 0x.., 'b' and '_binary' before a string are passed over.
inline const char* find_between_values(const char* at, const char* end) noexcept {
  static constexpr std::array<bool, 256> kFound = [] {
    std::array<bool, 256> table{};
    for (const char c : {'\'', '"', '`', '(', ')', ';', '-', '#', '/', '*'}) {
      table[static_cast<unsigned char>(c)] = true;
    }
    return table;
  }();
#ifdef __SSE2__
  const auto in_range = [](__m128i bytes, char first, char last) {
    const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(static_cast<char>(last - first))), shifted);
  };
  const auto is = [](__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i common = _mm_or_si128(in_range(bytes, '\'', '*'), in_range(bytes, '"', '#'));
    const __m128i rare =
        _mm_or_si128(_mm_or_si128(is(bytes, '`'), is(bytes, ';')), _mm_or_si128(is(bytes, '-'), is(bytes, '/')));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(common, rare)));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at < end && !kFound[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

}  // namespace wobackup
