#include "source/files/file_content.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "fakes/scratch_folder.h"
#include "source/files/tree_walker.h"

namespace wobackup {
namespace {

using Kind = ContentProblem::Kind;

class FileContentTest : public ::testing::Test {
 protected:
  FileContent content(const std::string& path) { return {root_, path, names_}; }
  std::string read_all(FileContent& file, std::size_t size) {
    std::string text(size, '\0');
    std::size_t count = 0;
    EXPECT_FALSE(file.read(0, {reinterpret_cast<std::byte*>(text.data()), size}, count));
    text.resize(count);
    return text;
  }

  test::ScratchFolder folder_;
  OwnerNames names_;
  std::shared_ptr<const FileRoot> root_ =
      file_root(UniqueFd(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
};

TEST_F(FileContentTest, GivesBytesAndMetadata) {
  const auto path = folder_.write("a/b.txt", "hello");
  ::chmod(path.c_str(), 04751);
  FileContent file = content("a/b.txt");
  Entry entry;
  ASSERT_FALSE(file.open(entry));
  EXPECT_EQ(entry.size, 5U);
  EXPECT_EQ(entry.mode, 04751U);
  EXPECT_EQ(read_all(file, 100), "hello");
  EXPECT_EQ(file.stability(), Stability::same);
}

TEST_F(FileContentTest, MissingFile_HasVanished) {
  FileContent file = content("a/none");
  Entry entry;
  EXPECT_EQ(file.open(entry).kind, Kind::vanished);
}

TEST_F(FileContentTest, LinkOnTheWay_IsNotFollowed) {
  folder_.write("real/secret", "x");
  std::filesystem::create_directory_symlink(folder_ / "real", folder_ / "link");
  FileContent file = content("link/secret");
  Entry entry;
  EXPECT_EQ(file.open(entry).kind, Kind::vanished);
  std::filesystem::create_symlink(folder_ / "real/secret", folder_ / "plain");
  FileContent direct = content("plain");
  EXPECT_EQ(direct.open(entry).kind, Kind::vanished);
}

TEST_F(FileContentTest, NameThatBecameAFifo_DoesNotBlock) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  FileContent file = content("fifo");
  Entry entry;
  EXPECT_EQ(file.open(entry).kind, Kind::vanished);
}

TEST_F(FileContentTest, GrowingAndRewriting_AreTold) {
  const auto path = folder_.write("log", "12345");
  FileContent file = content("log");
  Entry entry;
  ASSERT_FALSE(file.open(entry));
  folder_.write("log", "1234567");
  EXPECT_EQ(file.stability(), Stability::grew);
  ASSERT_FALSE(file.open(entry));
  EXPECT_EQ(entry.size, 7U);
  const timespec times[2] = {{1, 0}, {1, 0}};
  ::utimensat(AT_FDCWD, path.c_str(), times, 0);
  EXPECT_EQ(file.stability(), Stability::changed);
}

TEST_F(FileContentTest, HeldFile_IsReadThoughItsNameIsGone) {
  const auto path = folder_.write("first", "kept");
  FileContent file = content("first");
  ASSERT_FALSE(file.hold());
  std::filesystem::remove(path);
  Entry entry;
  ASSERT_FALSE(file.open(entry));
  EXPECT_EQ(read_all(file, 10), "kept");
}

TEST_F(FileContentTest, SparseFile_TellsItsSegments) {
  const auto path = folder_.write("sparse", "");
  const UniqueFd fd(::open(path.c_str(), O_WRONLY));
  ASSERT_EQ(::ftruncate(fd.get(), 9'000'000'000), 0);
  ASSERT_EQ(::pwrite(fd.get(), "x", 1, 4'000'000'000), 1);
  FileContent file = content("sparse");
  Entry entry;
  ASSERT_FALSE(file.open(entry));
  EXPECT_TRUE(entry.sparse);
  EXPECT_EQ(entry.size, 9'000'000'000U);
  ASSERT_EQ(entry.segments.size(), 1U);
  EXPECT_LE(entry.segments[0].offset, 4'000'000'000U);
  EXPECT_LE(entry.segments[0].length, 1'000'000U);
}

TEST_F(FileContentTest, AttributesAndAcls_AreRead) {
  const auto path = folder_.write("attr", "x");
  if (::setxattr(path.c_str(), "user.note", "a\0b", 3, 0) != 0) GTEST_SKIP() << "no extended attributes here";
  // user::rw-, user:1234:r--, group::r--, mask::r--, other::---
  const unsigned char acl[] = {2, 0,    0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
                               0, 0xd2, 4,   0,   0,   4,   0,  4, 0,   255, 255, 255, 255, 16, 0,
                               4, 0,    255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
  ASSERT_EQ(::setxattr(path.c_str(), "system.posix_acl_access", acl, sizeof acl, 0), 0);
  FileContent file = content("attr");
  Entry entry;
  ASSERT_FALSE(file.open(entry));
  ASSERT_EQ(entry.xattrs.size(), 1U);
  EXPECT_EQ(entry.xattrs[0].name, "user.note");
  EXPECT_EQ(entry.xattrs[0].value, std::string("a\0b", 3));
  EXPECT_EQ(entry.acl_access, "user::rw-,user:1234:r--,group::r--,mask::r--,other::---");
}

}  // namespace
}  // namespace wobackup
