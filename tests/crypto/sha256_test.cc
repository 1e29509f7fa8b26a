#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace wobackup {
namespace {

// FIPS 180-4's examples, as published by NIST.
TEST(Sha256, PublishedExamples_AreMet) {
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256(bytes_of("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(bytes_of(std::string(1'000'000, 'a')))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, Pieces_GiveTheSameAsTheWhole_AndFinishBeginsAnew) {
  Sha256 hash;
  for (int turn = 0; turn < 2; ++turn) {
    hash.update(bytes_of("a"));
    hash.update({});
    hash.update(bytes_of("bc"));
    EXPECT_EQ(hex(hash.finish()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}

}  // namespace
}  // namespace wobackup
