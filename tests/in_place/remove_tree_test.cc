// Removing trees that somebody else has made.
#include "in_place/remove_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "fakes/private_mounts.h"
#include "fakes/scratch_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

class RemoveTree : public ::testing::Test {
 protected:
  void remove(const std::string& name) const {
    const UniqueFd fd(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    remove_tree(fd.get(), name);
  }
  test::ScratchFolder folder_;
};

TEST_F(RemoveTree, EverythingGoes) {
  folder_.write("tree/a/b/c", "x");
  folder_.write("tree/d", "x");
  ::mkfifo((folder_ / "tree/a/fifo").c_str(), 0600);
  remove("tree");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tree"));
}

TEST_F(RemoveTree, FilesAndMissingNames_AreFine) {
  folder_.write("file", "x");
  remove("file");
  remove("file");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "file"));
}

TEST_F(RemoveTree, LinksAreRemoved_NotFollowed) {
  folder_.write("precious/file", "x");
  std::filesystem::create_directory(folder_ / "tree");
  std::filesystem::create_directory_symlink(folder_ / "precious", folder_ / "tree/link");
  remove("tree");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "precious/file"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tree"));
}

TEST_F(RemoveTree, FolderThatIsBoundThere_IsLeft) {
  test::PrivateMounts mounts;
  if (!mounts.allowed()) GTEST_SKIP() << "mounting is not permitted";
  folder_.write("precious/file", "x");
  ASSERT_TRUE(mounts.bind(folder_ / "precious", folder_ / "tree/deep/bound"));
  EXPECT_THROW(remove("tree"), Error);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "precious/file"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "tree/deep/bound/file"));
}

TEST_F(RemoveTree, DeeperThanDescriptorsAndPaths_Goes) {
  UniqueFd here(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::mkdirat(here.get(), "tree", 0700), 0);
  here.reset(::openat(here.get(), "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(::mkdirat(here.get(), "deeper", 0700), 0);
    const int next = ::openat(here.get(), "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE(next, 0);
    here.reset(next);
  }
  remove("tree");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tree"));
}

}  // namespace
}  // namespace wobackup
