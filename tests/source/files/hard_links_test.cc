#include "source/files/hard_links.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

TEST(HardLinks, FurtherNames_LeadToTheFirst) {
  HardLinks links;
  EXPECT_EQ(links.first_of(1, 7), std::nullopt);
  EXPECT_TRUE(links.remember(1, 7, 3, "a"));
  EXPECT_EQ(links.first_of(2, 7), std::nullopt);
  EXPECT_EQ(links.first_of(1, 7), "a");
  EXPECT_EQ(links.first_of(1, 7), "a");
}

TEST(HardLinks, AfterItsLastName_AnInodeMayBeUsedAgain) {
  HardLinks links;
  EXPECT_TRUE(links.remember(1, 7, 2, "a"));
  EXPECT_EQ(links.first_of(1, 7), "a");
  EXPECT_EQ(links.first_of(1, 7), std::nullopt);
}

TEST(HardLinks, WhenFull_RefusesInsteadOfGrowing) {
  HardLinks links;
  const std::string path(1000, 'x');
  ino_t inode = 0;
  while (links.remember(1, inode, 2, path)) {
    ++inode;
    ASSERT_LT(inode, 100'000U);
  }
  EXPECT_GT(inode, 5'000U);
  EXPECT_EQ(links.first_of(1, 0), path);  // makes room
  EXPECT_TRUE(links.remember(1, inode, 2, path));
}

}  // namespace
}  // namespace wobackup
