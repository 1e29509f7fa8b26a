#include "container/locator.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

Locator example() {
  Locator locator{.manifest_offset = 0x0102030405060708,
                  .manifest_bytes = 0x1112131415161718,
                  .manifest_sha256 = {},
                  .tar_bytes = 0x2122232425262728};
  for (std::size_t i = 0; i < locator.manifest_sha256.size(); ++i) {
    locator.manifest_sha256[i] = static_cast<std::byte>(0x80 + i);
  }
  return locator;
}

TEST(Locator, IsEncodedAsDocumented) {
  const ByteVector bytes = encode_locator(example());
  EXPECT_EQ(bytes.size(), kLocatorBytes);
  EXPECT_EQ(hex(bytes),
            "5b2a4d1840000000"
            "574f424b4c4f4331"
            "0807060504030201"
            "1817161514131211"
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
            "2827262524232221");
}

TEST(Locator, ComesBack) {
  const auto locator = parse_locator(encode_locator(example()));
  ASSERT_TRUE(locator);
  EXPECT_EQ(locator->manifest_offset, example().manifest_offset);
  EXPECT_EQ(locator->manifest_bytes, example().manifest_bytes);
  EXPECT_EQ(locator->manifest_sha256, example().manifest_sha256);
  EXPECT_EQ(locator->tar_bytes, example().tar_bytes);
}

TEST(Locator, AnyOtherLengthOrMagic_IsNone) {
  const ByteVector bytes = encode_locator(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(parse_locator(ByteSpan(bytes).first(size)));
  ByteVector longer = bytes;
  longer.resize(longer.size() + 1);
  EXPECT_FALSE(parse_locator(longer));
  for (std::size_t at = 0; at < 16; ++at) {
    ByteVector changed = bytes;
    changed[at] ^= std::byte{0x20};
    EXPECT_FALSE(parse_locator(changed)) << at;
  }
}

}  // namespace
}  // namespace wobackup
