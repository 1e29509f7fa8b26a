// Versions are compared by their numbers.
#include "autoupdate/versions.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

TEST(Versions, Numbers_AreComparedAsNumbers) {
  EXPECT_TRUE(is_later_version("6.10", "6.9"));
  EXPECT_TRUE(is_later_version("6.4.3", "6.4"));
  EXPECT_TRUE(is_later_version("20240102", "9.9"));
  EXPECT_FALSE(is_later_version("6.4", "6.4.0"));
  EXPECT_FALSE(is_later_version("6.4", "6.4"));
  EXPECT_FALSE(is_later_version("6.3.9", "6.4"));
}

TEST(Versions, AWordBehindTheNumbers_ComesBeforeTheVersion) {
  EXPECT_TRUE(is_later_version("6.5", "6.5-beta2"));
  EXPECT_FALSE(is_later_version("6.5-RC1", "6.5"));
  EXPECT_TRUE(is_later_version("6.5-RC1", "6.4.3"));
}

TEST(Versions, AnythingElse_IsNoVersionAndIsSurvived) {
  EXPECT_FALSE(is_later_version("", ""));
  EXPECT_FALSE(is_later_version("nightly", "1.0"));
  EXPECT_TRUE(is_later_version("1.0", "trunk"));
  EXPECT_TRUE(is_later_version("99999999999999999999999999", "1"));
}

TEST(Versions, SameNumbers_CountMissingOnesAsZero) {
  EXPECT_TRUE(same_numbers("6.4.2", "6.4.9", 2));
  EXPECT_TRUE(same_numbers("6", "6.0.1", 2));
  EXPECT_FALSE(same_numbers("6.4", "6.5", 2));
  EXPECT_TRUE(same_numbers("6.4", "6.5", 1));
  EXPECT_FALSE(same_numbers("5.9", "6.0", 1));
}

}  // namespace
}  // namespace wobackup
