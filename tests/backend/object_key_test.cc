#include "backend/object_key.h"

#include <gtest/gtest.h>

#include <string>

namespace wobackup::test {
namespace {

TEST(ObjectKey, PartsMayNotLeadOutOfAFolderNorHide) {
  for (const char* key : {"a", "a/b", "example.com/2025-01-20_14-25-30.tar.zst.age", "packs/ab/cdef", "a..b", "a b"}) {
    EXPECT_TRUE(is_object_key(key)) << key;
  }
  for (const char* key : {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", ".a", "a/.b", "a\\b",
                          "a\nb", "a\x7f", "a\xc2\x85", "a\xff", "\xc0\xae\xc0\xae/a"}) {
    EXPECT_FALSE(is_object_key(key)) << key;
  }
  EXPECT_FALSE(is_object_key(std::string_view("a\0b", 3)));
}

TEST(ObjectKey, LengthsHaveLimits) {
  const std::string part(kLongestKeyPartBytes, 'x');
  EXPECT_TRUE(is_object_key(part));
  EXPECT_FALSE(is_object_key(part + "x"));
  const std::string longest = part + "/" + part + "/" + part + "/" + std::string(kLongestKeyBytes - 603, 'y');
  EXPECT_EQ(longest.size(), kLongestKeyBytes);
  EXPECT_TRUE(is_object_key(longest));
  EXPECT_FALSE(is_object_key(longest + "y"));
}

}  // namespace
}  // namespace wobackup::test
