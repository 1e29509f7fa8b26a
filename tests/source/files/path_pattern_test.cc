#include "source/files/path_pattern.h"

#include <gtest/gtest.h>

#include "wobackup/error.h"

namespace wobackup {
namespace {

bool matches(const char* glob, const char* path, bool is_directory = false) {
  return PathPattern(glob).matches(path, is_directory);
}

TEST(PathPattern, WithoutSlash_MatchesTheNameAtAnyDepth) {
  EXPECT_TRUE(matches("*.log", "htdocs/a/b.log"));
  EXPECT_TRUE(matches("*.log", "b.log"));
  EXPECT_FALSE(matches("*.log", "htdocs/b.log.txt"));
  EXPECT_FALSE(matches("cache", "htdocs/mycache"));
}

TEST(PathPattern, WithSlash_MatchesTheWholePath) {
  EXPECT_TRUE(matches("htdocs/wp-content/cache", "htdocs/wp-content/cache"));
  EXPECT_TRUE(matches("/htdocs/*.txt", "htdocs/a.txt"));
  EXPECT_FALSE(matches("htdocs/*.txt", "htdocs/b/a.txt"));
  EXPECT_FALSE(matches("wp-content/cache", "htdocs/wp-content/cache"));
}

TEST(PathPattern, TwoStars_CrossFoldersAndMayMatchNothing) {
  EXPECT_TRUE(matches("htdocs/**/*.txt", "htdocs/a.txt"));
  EXPECT_TRUE(matches("htdocs/**/*.txt", "htdocs/b/c/a.txt"));
  EXPECT_TRUE(matches("**/cache", "htdocs/x/cache"));
  EXPECT_FALSE(matches("**/cache", "htdocs/xcache"));
  EXPECT_TRUE(matches("htdocs/**", "htdocs/b/c"));
  EXPECT_FALSE(matches("htdocs/**", "htdocs"));
}

TEST(PathPattern, SlashAtTheEnd_MatchesFoldersOnly) {
  EXPECT_TRUE(matches("cache/", "htdocs/cache", true));
  EXPECT_FALSE(matches("cache/", "htdocs/cache", false));
}

TEST(PathPattern, ClassesAndEscapes) {
  EXPECT_TRUE(matches("img[0-9].png", "img7.png"));
  EXPECT_FALSE(matches("img[!0-9].png", "img7.png"));
  EXPECT_TRUE(matches("a[]]b", "a]b"));
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "x"));
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_FALSE(matches("x/a?c", "x/a/c"));
}

TEST(PathPattern, UnfinishedOnes_AreRefused) {
  EXPECT_THROW(PathPattern(""), Error);
  EXPECT_THROW(PathPattern("/"), Error);
  EXPECT_THROW(PathPattern("a[b"), Error);
  EXPECT_THROW(PathPattern("a\\"), Error);
}

TEST(PathPattern, ManyStarsOnALongName_EndSoon) {
  const std::string name(20'000, 'a');
  EXPECT_FALSE(PathPattern("**a**a**a**a**a**a**a**a**b").matches(name, false));
}

}  // namespace
}  // namespace wobackup
