// Writing where somebody else may write at the same time.
#include "target/files/folder_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "fakes/scratch_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

class FolderWriterTest : public testing::Test {
 protected:
  FolderWriter writer(FolderOptions options = {}) {
    return {fd_.get(), options, [this](std::string_view, std::string what, bool) { notes_.push_back(what); }};
  }
  [[nodiscard]] static Entry entry(const char* path, EntryType type, unsigned mode) {
    Entry entry;
    entry.path = path;
    entry.type = type;
    entry.mode = mode;
    entry.uid = ::geteuid();
    entry.gid = ::getegid();
    return entry;
  }
  [[nodiscard]] static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }

  test::ScratchFolder folder_;
  UniqueFd fd_{::open((std::filesystem::create_directory(folder_ / "target"), (folder_ / "target").c_str()),
                      O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  std::vector<std::string> notes_;
};

TEST_F(FolderWriterTest, Fifo_HasItsModeAndTime) {
  FolderWriter target = writer();
  Entry fifo = entry("pipe", EntryType::fifo, 0646);
  fifo.mtime = {1'600'000'000, 5};
  target.other(fifo);
  struct stat status {};
  ASSERT_EQ(::lstat((folder_ / "target/pipe").c_str(), &status), 0);
  EXPECT_TRUE(S_ISFIFO(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777U, 0646U);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'600'000'000);
  EXPECT_EQ(status.st_mtim.tv_nsec, 5);
}

// The folder's owner puts a link in the place of the FIFO between its making and its mode.
TEST_F(FolderWriterTest, FifoExchangedForALink_ChangesNothingElsewhere) {
  const auto victim = folder_.write("victim", "precious");
  ASSERT_EQ(::chmod(victim.c_str(), 0600), 0);
  const std::string name = folder_ / "target/pipe";
  const std::string bait = folder_ / "target/bait";
  std::atomic<bool> stop{false};
  std::jthread attacker([&] {
    while (!stop) {
      std::error_code taken;
      std::filesystem::create_symlink(victim, bait, taken);
      struct stat status {};
      for (int i = 0; i < 1000 && !stop; ++i) {
        if (::lstat(name.c_str(), &status) == 0 && S_ISFIFO(status.st_mode)) break;
      }
      std::filesystem::rename(bait, name, taken);
    }
  });
  FolderWriter target = writer();
  for (int i = 0; i < 4'000 && mode_of(victim) == 0600; ++i) {
    ::unlink(name.c_str());
    try {
      target.other(entry("pipe", EntryType::fifo, 0666));
    } catch (const Error&) {
    }
  }
  stop = true;
  attacker.join();
  EXPECT_EQ(mode_of(victim), 0600U);
}

// Nobody knows how much a stranger's archive holds before it is unpacked.
TEST_F(FolderWriterTest, MinFree_IsKeptWhileAFileGrows) {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
  struct statvfs space {};
  ASSERT_EQ(::fstatvfs(fd_.get(), &space), 0);
  const std::uint64_t free = space.f_bavail * space.f_frsize;
  if (free < 64 * kMebibyte) GTEST_SKIP() << "the disk is full";
  FolderWriter target = writer({.min_free_bytes = free - 24 * kMebibyte});
  Entry endless = entry("endless", EntryType::file, 0600);
  endless.size = 512 * kMebibyte;
  const ByteVector piece(kMebibyte, std::byte{7});
  std::uint64_t written = 0;
  try {
    const auto receiver = target.file(endless, false);
    for (; written < endless.size; written += piece.size()) receiver->write(written, piece);
    ADD_FAILURE() << "all was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_NE(error.hint().find("--target"), std::string::npos);
    EXPECT_TRUE(error.message().starts_with("endless: ")) << error.message();
  }
  EXPECT_LT(written, 256 * kMebibyte);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "target"));
}

}  // namespace
}  // namespace wobackup
