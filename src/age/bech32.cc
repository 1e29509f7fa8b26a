#include "age/bech32.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::string_view kDigits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumDigits = 6;
constexpr std::size_t kLongest = 1024;  // far longer than any key

// The remainder of the polynomial that the digits are.
class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (const char c : prefix) add(static_cast<unsigned char>(c) >> 5U);
    add(0);
    for (const char c : prefix) add(static_cast<unsigned char>(c) & 31U);
  }
  void add(std::uint32_t digit) {
    constexpr std::array<std::uint32_t, 5> kGenerator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = value_ >> 25U;
    value_ = ((value_ & 0x1ffffffU) << 5U) ^ digit;
    for (std::size_t i = 0; i < kGenerator.size(); ++i) {
      if (((top >> i) & 1U) != 0) value_ ^= kGenerator[i];
    }
  }
  [[nodiscard]] std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 1;
};

bool is_printable_ascii(char c) { return c >= 33 && c <= 126; }

}  // namespace

Secret bech32(std::string_view prefix, ByteSpan data) {
  const std::size_t digits = (data.size() * 8 + 4) / 5;
  Secret text(prefix.size() + 1 + digits + kChecksumDigits);
  auto* out = reinterpret_cast<char*>(text.bytes().data());
  out = std::copy(prefix.begin(), prefix.end(), out);
  *out++ = '1';
  Checksum checksum(prefix);
  const auto put = [&](std::uint32_t digit) {
    checksum.add(digit);
    *out++ = kDigits[digit];
  };
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::byte byte : data) {
    bits = ((bits << 8U) | std::to_integer<std::uint32_t>(byte)) & 0xfffU;
    for (held += 8; held >= 5; held -= 5) put((bits >> (held - 5)) & 31U);
  }
  if (held > 0) put((bits << (5 - held)) & 31U);
  for (std::size_t i = 0; i < kChecksumDigits; ++i) checksum.add(0);
  const std::uint32_t sum = checksum.value() ^ 1U;
  for (std::size_t i = 0; i < kChecksumDigits; ++i) *out++ = kDigits[(sum >> (5 * (kChecksumDigits - 1 - i))) & 31U];
  return text;
}

std::optional<Bech32> from_bech32(std::string_view text) {
  if (text.size() > kLongest || !std::all_of(text.begin(), text.end(), is_printable_ascii)) return std::nullopt;
  const bool lower = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  const bool upper = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  const std::size_t separator = text.rfind('1');
  if ((lower && upper) || separator == std::string_view::npos || separator == 0 ||
      text.size() - separator - 1 < kChecksumDigits) {
    return std::nullopt;
  }
  Bech32 decoded;
  decoded.prefix = lower_ascii(text.substr(0, separator));
  Checksum checksum(decoded.prefix);
  const std::string_view digits = text.substr(separator + 1);
  const std::size_t data_digits = digits.size() - kChecksumDigits;
  decoded.data = Secret(data_digits * 5 / 8);
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t size = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[i] >= 'A' && digits[i] <= 'Z' ? static_cast<char>(digits[i] - 'A' + 'a') : digits[i];
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    checksum.add(static_cast<std::uint32_t>(digit));
    if (i >= data_digits) continue;
    bits = ((bits << 5U) | static_cast<std::uint32_t>(digit)) & 0xfffU;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    decoded.data.bytes()[size++] = static_cast<std::byte>((bits >> held) & 0xffU);
  }
  const bool nothing_left = held < 5 && (bits & ((1U << held) - 1U)) == 0;
  if (checksum.value() != 1 || !nothing_left) return std::nullopt;
  return decoded;
}

}  // namespace wobackup
