// What is read from a folder whose content anybody may have planted, and what is not.
#include "site/site_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fakes/scratch_folder.h"
#include "site/told.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::told;
using Names = std::vector<std::string>;

class SiteFolderTest : public ::testing::Test {
 protected:
  SiteFolderTest() {
    fs::create_directories(root_ / "site/htdocs");
    root_.write("secret.php", "secret");
    root_.write("outside/wp-config.php", "secret");
  }
  [[nodiscard]] SiteFolder folder() const { return SiteFolder(root_ / "site"); }
  void write(const std::string& name, const std::string& content) const { root_.write("site/" + name, content); }
  void link(const fs::path& target, const std::string& name) const {
    fs::create_symlink(target, root_ / "site" / name);
  }
  [[nodiscard]] std::string reading(const std::string& name, std::size_t limit = 100) const {
    return told([&] { EXPECT_NE(folder().read(name, limit), "secret"); });
  }

  test::ScratchFolder root_;
};

TEST_F(SiteFolderTest, ConfigFiles_AreThoseOfTheFolderItself_ByName) {
  for (const char* name : {"wp-config.php", "a.example-config.php", "-config.php", "wp-config.php.bak",
                           "wp-config-sample.php", "config.php", "WP-CONFIG.PHP", "htdocs/x-config.php"}) {
    write(name, "");
  }
  fs::create_directory(root_ / "site/folder-config.php");
  EXPECT_EQ(folder().config_files(), (Names{"-config.php", "a.example-config.php", "wp-config.php"}));
}

TEST_F(SiteFolderTest, ConfigFilesWithOddNames_AreListedAsTheyAre) {
  write("\xff\n\"-config.php", "");
  link("nowhere", "dangling-config.php");
  EXPECT_EQ(folder().config_files(), (Names{"dangling-config.php", "\xff\n\"-config.php"}));
}

TEST_F(SiteFolderTest, MoreConfigFilesThanAnybodyHas_AreRefused) {
  for (int i = 0; i < 1000; ++i) write(std::to_string(i) + "-config.php", "");
  EXPECT_EQ(folder().config_files().size(), 1000U);
  write("one-more-config.php", "");
  const std::string text = told([&] { static_cast<void>(folder().config_files()); });
  EXPECT_TRUE(contains(text, "more than 1000 files named *-config.php | remove those")) << text;
}

TEST_F(SiteFolderTest, AFolderThatIsNotThere_IsEmpty) {
  for (const fs::path& path : {root_ / "none", root_ / "secret.php", root_ / "secret.php/x"}) {
    const SiteFolder missing(path);
    EXPECT_EQ(missing.path(), path);
    EXPECT_TRUE(missing.config_files().empty());
    EXPECT_FALSE(missing.read("wp-config.php", 100));
    EXPECT_FALSE(missing.without_links("htdocs"));
    EXPECT_FALSE(missing.has_file("wp-config.php"));
    EXPECT_FALSE(missing.seems_to_have("wp-config.php"));
  }
}

TEST_F(SiteFolderTest, Files_AreReadUpToTheLimit) {
  write("htdocs/a", std::string("x\0y", 3));
  write("b", std::string(101, 'x'));
  EXPECT_EQ(folder().read("htdocs/a", 100), std::string("x\0y", 3));
  EXPECT_FALSE(folder().read("htdocs/none", 100));
  EXPECT_FALSE(folder().read("htdocs/a/b", 100)) << "a file is no folder";
  EXPECT_EQ(folder().read("b", 101), std::string(101, 'x'));
  EXPECT_TRUE(contains(reading("b"), "is larger than 100 bytes"));
}

TEST_F(SiteFolderTest, LinksWithinTheFolder_AreFollowed) {
  write("releases/2/wp-config.php", "new");
  write("shared/wp-config.php", "shared");
  fs::remove(root_ / "site/htdocs");
  link("releases/2", "htdocs");
  link("current/wp-config.php", "wp-config.php");
  link(root_ / "site/shared", "current");
  EXPECT_EQ(folder().read("htdocs/wp-config.php", 100), "new");
  EXPECT_EQ(folder().read("wp-config.php", 100), "shared") << "over two links, one of them absolute";
  EXPECT_EQ(folder().without_links("htdocs"), "releases/2");
  EXPECT_EQ(folder().without_links("htdocs/wp-config.php"), "releases/2/wp-config.php");
  EXPECT_EQ(folder().without_links("shared/wp-config.php"), "shared/wp-config.php");
  EXPECT_FALSE(folder().without_links("none"));
}

TEST_F(SiteFolderTest, LinksOutOfTheFolder_AreRefused) {
  link("../secret.php", "a-config.php");
  link(root_ / "secret.php", "b-config.php");
  link("../outside", "outside");
  link("htdocs/../../secret.php", "c-config.php");
  link("a-config.php", "d-config.php");
  link("..", "up");
  link("/", "root");
  for (const char* name : {"a-config.php", "b-config.php", "outside/wp-config.php", "c-config.php", "d-config.php",
                           "up/secret.php", "root/etc/passwd"}) {
    const std::string text = reading(name);
    EXPECT_TRUE(contains(text, "failed: ")) << name << ": " << text;
    EXPECT_TRUE(contains(text, "outside the site's folder: it is not read")) << name << ": " << text;
    EXPECT_TRUE(contains(told([&] { static_cast<void>(folder().without_links(name)); }), "outside")) << name;
  }
}

TEST_F(SiteFolderTest, AFolderBesideItWithTheSameBeginning_IsOutside) {
  root_.write("site2/wp-config.php", "secret");
  link("../site2/wp-config.php", "wp-config.php");
  EXPECT_TRUE(contains(reading("wp-config.php"), "outside the site's folder"));
}

TEST_F(SiteFolderTest, LinksToTheFolderItself_AreRefused) {
  link(".", "self");
  EXPECT_TRUE(contains(told([&] { static_cast<void>(folder().without_links("self")); }), "failed: "));
}

TEST_F(SiteFolderTest, LinksToNowhere_AreAnError) {
  link("none", "wp-config.php");
  link("loop", "loop");
  for (const char* name : {"wp-config.php", "loop", "loop/x"}) {
    EXPECT_TRUE(contains(reading(name), "leads nowhere")) << name << reading(name);
  }
}

TEST_F(SiteFolderTest, PathsThatClimbOrAreAbsolute_AreNotFollowed) {
  for (const std::string& name : {std::string("../secret.php"), std::string("htdocs/../../secret.php"),
                                  (root_ / "secret.php").string(), std::string("/etc/passwd"), std::string()}) {
    EXPECT_EQ(reading(name), "no error") << "as if it were missing";
    EXPECT_FALSE(folder().read(name, 100)) << name;
    EXPECT_FALSE(folder().has_file(name)) << name;
  }
}

TEST_F(SiteFolderTest, WhatIsNoFile_IsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo((root_ / "site/fifo").c_str(), 0600), 0);
  fs::create_directory(root_ / "site/folder");
  for (const char* name : {"fifo", "folder"}) {
    EXPECT_TRUE(contains(reading(name), "is not a regular file")) << name;
    EXPECT_FALSE(folder().has_file(name)) << name;
  }
  link("fifo", "wp-config.php");
  EXPECT_TRUE(contains(reading("wp-config.php"), "is not a regular file")) << "nor behind a link";
}

TEST_F(SiteFolderTest, ASitesFolderThatIsALink_IsTheRoot) {
  write("wp-config.php", "x");
  write("shared/a.php", "y");
  link("shared/a.php", "a.php");
  fs::create_directory_symlink(root_ / "site", root_ / "linked");
  const SiteFolder linked(root_ / "linked");
  EXPECT_EQ(linked.read("wp-config.php", 100), "x");
  EXPECT_EQ(linked.read("a.php", 100), "y");
}

TEST_F(SiteFolderTest, HasFile_FollowsNoLink_SeemsToHave_FollowsAll) {
  write("a", "");
  link("a", "b");
  link("../secret.php", "c");
  link("none", "d");
  EXPECT_TRUE(folder().has_file("a"));
  for (const char* name : {"b", "c", "d", "none", "htdocs"}) EXPECT_FALSE(folder().has_file(name)) << name;
  for (const char* name : {"a", "b", "c", "htdocs"}) EXPECT_TRUE(folder().seems_to_have(name)) << name;
  for (const char* name : {"d", "none"}) EXPECT_FALSE(folder().seems_to_have(name)) << name;
}

TEST_F(SiteFolderTest, NamesInErrors_AreEscaped) {
  link("../secret.php", "\x1b[2J-config.php");
  const std::string text = reading("\x1b[2J-config.php");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_TRUE(contains(text, "\\x1b[2J-config.php")) << text;
}

}  // namespace
}  // namespace wobackup
