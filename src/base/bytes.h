// Byte spans, little-endian numbers, hex and base64.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;
using ByteVector = std::vector<std::byte>;

[[nodiscard]] inline ByteSpan bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(ByteSpan bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads a little-endian number from the first bytes. REQUIRES: the span is long enough.
template <std::unsigned_integral T>
[[nodiscard]] T load_le(ByteSpan bytes) noexcept {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((value << 8U) | std::to_integer<T>(bytes[i]));
  return value;
}

/// Appends a number in little-endian order.
template <std::unsigned_integral T>
void append_le(ByteVector& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::byte>(value & 0xFFU));
    if constexpr (sizeof(T) > 1) value = static_cast<T>(value >> 8U);
  }
}

/// Lower case hex.
[[nodiscard]] std::string hex(ByteSpan bytes);
/// Standard base64 with padding.
[[nodiscard]] std::string base64(ByteSpan bytes);
/// Nothing if it is not standard base64 with padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace wobackup
