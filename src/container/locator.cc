#include "container/locator.h"

#include <algorithm>

#include "container/skippable_frame.h"

namespace wobackup {
namespace {

constexpr std::string_view kMagic = "WOBKLOC1";

}  // namespace

ByteVector encode_locator(const Locator& locator) {
  ByteVector out;
  append_le(out, kSkippableMagic);
  append_le(out, static_cast<std::uint32_t>(kLocatorBytes - kSkippableHeaderBytes));
  const ByteSpan magic = bytes_of(kMagic);
  out.insert(out.end(), magic.begin(), magic.end());
  append_le(out, locator.manifest_offset);
  append_le(out, locator.manifest_bytes);
  out.insert(out.end(), locator.manifest_sha256.begin(), locator.manifest_sha256.end());
  append_le(out, locator.tar_bytes);
  return out;
}

std::optional<Locator> parse_locator(ByteSpan bytes) {
  if (bytes.size() != kLocatorBytes || load_le<std::uint32_t>(bytes) != kSkippableMagic ||
      load_le<std::uint32_t>(bytes.subspan(4)) != kLocatorBytes - kSkippableHeaderBytes ||
      text_of(bytes.subspan(kSkippableHeaderBytes, kMagic.size())) != kMagic) {
    return std::nullopt;
  }
  Locator locator;
  ByteSpan rest = bytes.subspan(kSkippableHeaderBytes + kMagic.size());
  locator.manifest_offset = load_le<std::uint64_t>(rest);
  locator.manifest_bytes = load_le<std::uint64_t>(rest.subspan(8));
  std::copy_n(rest.begin() + 16, locator.manifest_sha256.size(), locator.manifest_sha256.begin());
  locator.tar_bytes = load_le<std::uint64_t>(rest.subspan(48));
  return locator;
}

}  // namespace wobackup
