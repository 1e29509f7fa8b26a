#include "age/bech32.h"

#include <gtest/gtest.h>

#include <string>

namespace wobackup {
namespace {

TEST(Bech32, TestVectorsOfItsStandard_AreTaken) {
  for (const char* text : {"A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "?1ezyfcl",
                           "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"}) {
    EXPECT_TRUE(from_bech32(text)) << text;
  }
}

TEST(Bech32, WrongText_IsRefused) {
  for (const char* text : {"", "1", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "A1G7SGD8", "10a06t8",
                           "1qzzfhee", "a12UEL5L", "a12uel5m", "a12uel 5l"}) {
    EXPECT_FALSE(from_bech32(text)) << text;
  }
}

TEST(Bech32, AnyBytes_ComeBack) {
  for (std::size_t size = 0; size < 70; ++size) {
    ByteVector bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 37 + size);
    const Secret text = bech32("age-secret-key-", bytes);
    const auto decoded = from_bech32(text.text());
    ASSERT_TRUE(decoded) << size;
    EXPECT_EQ(decoded->prefix, "age-secret-key-");
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), decoded->data.bytes().begin(), decoded->data.bytes().end()));
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string changed(text.text());
      changed[i] = changed[i] == 'q' ? 'p' : 'q';
      ASSERT_FALSE(from_bech32(changed)) << changed;
    }
  }
}

}  // namespace
}  // namespace wobackup
