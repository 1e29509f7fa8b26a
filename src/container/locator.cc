#include "container/locator.h"

#include <algorithm>

namespace wobackup {
namespace {

constexpr std::uint32_t kFrameMagic = 0x184D2A5B;
constexpr std::string_view kMagic = "WOBKLOC1";
constexpr std::size_t kHeaderBytes = 8;

}  // namespace

ByteVector encode_locator(const Locator& locator) {
  ByteVector out;
  append_le(out, kFrameMagic);
  append_le(out, static_cast<std::uint32_t>(kLocatorBytes - kHeaderBytes));
  const ByteSpan magic = bytes_of(kMagic);
  out.insert(out.end(), magic.begin(), magic.end());
  append_le(out, locator.manifest_offset);
  append_le(out, locator.manifest_bytes);
  out.insert(out.end(), locator.manifest_sha256.begin(), locator.manifest_sha256.end());
  append_le(out, locator.tar_bytes);
  return out;
}

std::optional<Locator> parse_locator(ByteSpan bytes) {
  if (bytes.size() != kLocatorBytes || load_le<std::uint32_t>(bytes) != kFrameMagic ||
      load_le<std::uint32_t>(bytes.subspan(4)) != kLocatorBytes - kHeaderBytes ||
      text_of(bytes.subspan(kHeaderBytes, kMagic.size())) != kMagic) {
    return std::nullopt;
  }
  Locator locator;
  ByteSpan rest = bytes.subspan(kHeaderBytes + kMagic.size());
  locator.manifest_offset = load_le<std::uint64_t>(rest);
  locator.manifest_bytes = load_le<std::uint64_t>(rest.subspan(8));
  std::copy_n(rest.begin() + 16, locator.manifest_sha256.size(), locator.manifest_sha256.begin());
  locator.tar_bytes = load_le<std::uint64_t>(rest.subspan(48));
  return locator;
}

}  // namespace wobackup
