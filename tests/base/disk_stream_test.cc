// What goes into the stream is what the file holds, whatever the pieces and the file system.
#include "base/disk_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/unique_fd.h"
#include "fakes/scratch_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using test::ScratchFolder;

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Looks at nothing until it must.
class LazyReader final : public ByteObserver {
 public:
  void offer(ByteSpan bytes) override { offered_.push_back(bytes); }
  [[nodiscard]] std::uint64_t passed_bytes() const noexcept override { return seen.size(); }
  void catch_up(std::uint64_t bytes) override {
    while (seen.size() < bytes) {
      seen += text_of(offered_.front());
      offered_.pop_front();
    }
  }
  std::string seen;

 private:
  std::deque<ByteSpan> offered_;
};

UniqueFd created(const std::filesystem::path& path) {
  return UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

class DiskStreamSizes : public testing::TestWithParam<std::size_t> {};

TEST_P(DiskStreamSizes, FileAndObserver_GetAllBytesInOrder) {
  const std::size_t size = GetParam();
  const std::string bytes = noise(size);
  const ScratchFolder folder;
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{4096}, std::size_t{3'000'000}}) {
    const auto path = folder.path() / std::to_string(piece);
    const UniqueFd fd = created(path);
    LazyReader reader;
    DiskStream stream(fd.get(), "a file", reader);
    for (std::size_t at = 0; at < size; at += piece) {
      stream.write(bytes_of(std::string_view(bytes).substr(at, piece)));
    }
    stream.finish();
    EXPECT_TRUE(content(path) == bytes) << piece;
    EXPECT_TRUE(reader.seen == bytes) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(AroundBlocks, DiskStreamSizes,
                         testing::Values(0, 1, 4095, 4096, 4097, DiskStream::kBlockBytes - 1, DiskStream::kBlockBytes,
                                         DiskStream::kBlockBytes + 1, 5 * DiskStream::kBlockBytes + 12345));

TEST(DiskStream, MemoryFileSystem_WorksToo) {
  if (::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "no /dev/shm";
  const std::string bytes = noise(3 * DiskStream::kBlockBytes + 7);
  const std::filesystem::path path = "/dev/shm/disk-stream-test-" + std::to_string(::getpid());
  const UniqueFd fd = created(path);
  std::filesystem::remove(path);
  LazyReader reader;
  DiskStream stream(fd.get(), "a file", reader);
  stream.write(bytes_of(bytes));
  stream.finish();
  std::string back(bytes.size() + 1, '\0');
  EXPECT_EQ(::pread(fd.get(), back.data(), back.size(), 0), static_cast<ssize_t>(bytes.size()));
  back.resize(bytes.size());
  EXPECT_TRUE(back == bytes);
}

TEST(DiskStream, FullDisk_IsNoSpace_AndStaysTold) {
  const UniqueFd fd(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(fd);
  LazyReader reader;
  DiskStream stream(fd.get(), "the archive", reader);
  const std::string bytes = noise(DiskStream::kBlockBytes);
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      for (unsigned i = 0; i < 2 * DiskStream::kBlocks; ++i) stream.write(bytes_of(bytes));
      stream.finish();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::no_space);
      EXPECT_NE(std::string(error.what()).find("the archive"), std::string::npos) << error.what();
    }
  }
}

TEST(DiskStream, FileSizeLimit_IsAnError) {
  const ScratchFolder folder;
  const UniqueFd fd = created(folder.path() / "limited");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit limited { 1 << 20, before.rlim_max };
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  try {
    LazyReader reader;
    DiskStream stream(fd.get(), "a file", reader);
    stream.write(bytes_of(noise(2 * DiskStream::kBlockBytes)));
    stream.finish();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot write"), std::string::npos) << error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
}

TEST(DiskStream, LeftUnfinished_EndsAtOnce) {
  const ScratchFolder folder;
  const UniqueFd fd = created(folder.path() / "left");
  LazyReader reader;
  DiskStream stream(fd.get(), "a file", reader);
  stream.write(bytes_of(noise(DiskStream::kBlockBytes + 1)));
}

}  // namespace
}  // namespace wobackup
