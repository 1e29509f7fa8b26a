#include "store/archive/archive_name.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

TEST(ArchiveName, TimestampAndSuffix_AreRead) {
  const auto plain = archive_name_from("2025-01-20_14-25-30.tar.zst");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->name, "2025-01-20_14-25-30");
  EXPECT_EQ(plain->time.time_since_epoch().count(), 1'737'383'130);
  EXPECT_EQ(plain->suffix, "");
  EXPECT_TRUE(plain->complete());
  const auto older = archive_name_from("2025-01-20_14-25-30_preupdate.tar.zst");
  ASSERT_TRUE(older);
  EXPECT_EQ(older->name, "2025-01-20_14-25-30_preupdate");
  EXPECT_EQ(older->suffix, "preupdate");
  EXPECT_TRUE(older->complete());
  const auto incomplete = archive_name_from("2025-01-20_14-25-30_incomplete.tar.zst");
  ASSERT_TRUE(incomplete);
  EXPECT_FALSE(incomplete->complete());
}

TEST(ArchiveName, EncryptedOnes_AreNamedAlike) {
  const auto name = archive_name_from("2025-01-20_14-25-30_incomplete.tar.zst.age");
  ASSERT_TRUE(name);
  EXPECT_TRUE(name->encrypted);
  EXPECT_EQ(name->name, "2025-01-20_14-25-30_incomplete");
  EXPECT_FALSE(name->complete());
  EXPECT_FALSE(archive_name_from("2025-01-20_14-25-30.tar.zst")->encrypted);
}

TEST(ArchiveName, OtherNames_AreNone) {
  for (const char* name :
       {"", ".tar.zst", "x.tar.zst", "2025-01-20_14-25-30", "2025-01-20_14-25-30.tar", "2025-01-20_14-25-30.tar.age",
        "2025-01-20_14-25-30.age", ".2025-01-20_14-25-30.tar.zst.partial", ".2025-01-20_14-25-30.tar.zst",
        "2025-04-31_00-00-00.tar.zst", "2025-13-01_00-00-00.tar.zst", "2025-01-20_24-00-00.tar.zst",
        "2025-01-20 14-25-30.tar.zst", "2025-01-20_14-25-3.tar.zst", "2025-01-20_14-25-30x.tar.zst",
        "2025-01-20_14-25-30_.tar.zst", "2025-01-20_14-25-30-2.tar.zst", "+025-01-20_14-25-30.tar.zst",
        "2025-01-20_14-25-30.TAR.ZST"}) {
    EXPECT_FALSE(archive_name_from(name)) << name;
  }
}

TEST(ArchiveName, SuffixesThatCouldConfuseATerminal_AreNone) {
  for (const char* suffix : {"a b", "a\nb", "\x1b[2J", "a/b", "\xFF", "\"", "ü"}) {
    EXPECT_FALSE(archive_name_from("2025-01-20_14-25-30_" + std::string(suffix) + ".tar.zst")) << suffix;
  }
}

}  // namespace
}  // namespace wobackup
