#include "crypto/throwaway_cipher.h"

#include <gtest/gtest.h>

#include <cstring>

namespace wobackup {
namespace {

ByteVector numbered(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i % 251);
  return bytes;
}

TEST(ThrowawayCipher, AnyPart_ComesBackByItsPlace) {
  const ThrowawayCipher cipher;
  const ByteVector plain = numbered(5000);
  ByteVector file = plain;
  // Written in uneven pieces.
  for (std::size_t at = 0, size = 1; at < file.size(); at += size, size = size * 3 % 701 + 1) {
    cipher.apply(at, MutableByteSpan(file).subspan(at, std::min(size, file.size() - at)));
  }
  EXPECT_EQ(::memmem(file.data(), file.size(), plain.data() + 100, 8), nullptr);
  for (const std::size_t begin : {0U, 1U, 63U, 64U, 65U, 4000U}) {
    ByteVector part(file.begin() + static_cast<std::ptrdiff_t>(begin), file.end());
    cipher.apply(begin, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), plain.begin() + static_cast<std::ptrdiff_t>(begin))) << begin;
  }
}

TEST(ThrowawayCipher, PlacesBeyond256GiB_AreNotEncipheredAsTheFirst) {
  const ThrowawayCipher cipher;
  ByteVector first(256), behind(256);
  cipher.apply(0, first);
  cipher.apply(std::uint64_t{256} << 30U, behind);
  EXPECT_NE(first, behind);
  // Across the border, in one piece or in two.
  const std::uint64_t border = (std::uint64_t{256} << 30U) - 128;
  ByteVector whole(256), halves(256);
  cipher.apply(border, whole);
  cipher.apply(border, MutableByteSpan(halves).first(128));
  cipher.apply(border + 128, MutableByteSpan(halves).subspan(128));
  EXPECT_EQ(whole, halves);
}

TEST(ThrowawayCipher, Renewed_HasAnotherKey) {
  ThrowawayCipher cipher;
  ByteVector before(64), after(64);
  cipher.apply(0, before);
  cipher.renew();
  cipher.apply(0, after);
  EXPECT_NE(before, after);
}

}  // namespace
}  // namespace wobackup
