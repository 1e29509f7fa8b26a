#include "store/archive/archive_metadata.h"

#include <gtest/gtest.h>

#include "container/container_reader.h"
#include "fakes/memory_file.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "store/archive/made_archive.h"

namespace wobackup {
namespace {

using test::made_archive;
using test::MemoryFile;
using test::refuses;

ArchiveMetadata metadata_of(const ByteVector& bytes, SearchDepth depth = SearchDepth::whole) {
  const MemoryFile file(bytes);
  return read_metadata(file, depth);
}

auto reading(const ByteVector& bytes, SearchDepth depth = SearchDepth::whole) {
  return [bytes, depth] { static_cast<void>(metadata_of(bytes, depth)); };
}

ByteVector front(const ByteVector& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

// An archive as the older Python service makes it: tar --zstd of a folder named by the time.
class ForeignMetadata : public ::testing::Test {
 protected:
  void write(const std::string& path, std::string_view content) { folder_.write(path, content); }
  void write_site() {
    write("2025-01-20_14-25-30/htdocs/index.php", "<?php");
    write("2025-01-20_14-25-30/wp-config.php", "<?php // config");
    write("2025-01-20_14-25-30/example.com.sql", "SELECT 1;");
    write("2025-01-20_14-25-30/vhost.json", R"({"sitename":"example.com","backup_type":"db"})");
  }
  ByteVector packed(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"tar", "--sort=name", "--zstd", "-cf", "x.tar.zst"});
    test::run_in(folder_.path(), arguments);
    return test::bytes_of_file(folder_ / "x.tar.zst");
  }

  test::ScratchFolder folder_;
};

TEST(ArchiveMetadata, IndexedArchive_TellsOfItself) {
  const ArchiveMetadata metadata =
      metadata_of(made_archive({.files = {{"htdocs/a", "1"}, {"htdocs/b", "22"}}, .unreadable = {"htdocs/c"}}));
  EXPECT_TRUE(metadata.indexed());
  EXPECT_EQ(metadata.vhost["sitename"], "example.com");
  EXPECT_EQ(metadata.vhost["backup_reason"], "test");
  ASSERT_TRUE(metadata.header);
  EXPECT_EQ(metadata.header->site, "example.com");
  EXPECT_EQ(metadata.header->files, 3U);
  EXPECT_EQ(metadata.header->unreadable_count, 1U);
  EXPECT_FALSE(metadata.header->complete);
}

TEST(ArchiveMetadata, IndexedArchive_TakesThreeSmallReads) {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 40; ++i) {
    std::string noise(200'000, '\0');
    for (std::size_t at = 0; at < noise.size(); ++at) noise[at] = static_cast<char>((at * at * 31 + at / 7) >> (i % 5));
    files.emplace_back("htdocs/" + std::to_string(100 + i), noise);
  }
  const MemoryFile file(made_archive({.files = files}));
  ASSERT_GT(file.size(), 3 * 65536U);  // more than what may be read
  static_cast<void>(read_metadata(file, SearchDepth::whole));
  ASSERT_EQ(file.reads().size(), 3U);
  for (const MemoryFile::Read& read : file.reads()) EXPECT_LE(read.bytes, 65536U + 8U);
}

TEST(ArchiveMetadata, ArchiveThatLostItsEnd_IsRefusedNotReadAsForeign) {
  const ByteVector bytes = made_archive({.files = {{"htdocs/a", std::string(100'000, 'a')}}});
  const MemoryFile file(bytes);
  const ContainerReader container(file);
  for (const SearchDepth depth : {SearchDepth::beginning, SearchDepth::whole}) {
    // At each frame's border zstd and tar find nothing wrong.
    for (std::size_t i = 1; i < container.frames().size(); ++i) {
      const auto size = static_cast<std::size_t>(container.frames()[i].offset);
      EXPECT_TRUE(refuses(reading(front(bytes, size), depth), "its end is missing")) << i;
    }
    for (const std::size_t missing : {std::size_t{1}, std::size_t{10}, std::size_t{100}}) {
      EXPECT_TRUE(refuses(reading(front(bytes, bytes.size() - missing), depth), "its end is missing")) << missing;
    }
  }
}

TEST(ArchiveMetadata, TruncatedAnywhere_IsRefused) {
  const ByteVector bytes = made_archive();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(refuses(reading(front(bytes, size)))) << size << " of " << bytes.size();
  }
}

TEST(ArchiveMetadata, DamagedFirstFrame_IsRefused) {
  ByteVector bytes = made_archive();
  bytes[40] ^= std::byte{1};
  EXPECT_TRUE(refuses(reading(bytes), "x.tar.zst: a frame is damaged"));
}

TEST(ArchiveMetadata, VhostThatIsNotAnObject_IsRefused) {
  for (const char* vhost : {"", "[]", "null", "{", "\"x\""}) {
    EXPECT_TRUE(refuses(reading(made_archive({.vhost = vhost})), "vhost.json")) << vhost;
  }
  EXPECT_TRUE(refuses(reading(made_archive({.vhost = "{\"a\":" + std::string(100'000, '[')})), "vhost.json"));
  EXPECT_TRUE(
      refuses(reading(made_archive({.vhost = "{\"a\":" + std::string(10'000, '[') + std::string(10'000, ']') + "}"})),
              "vhost.json"));
}

TEST(ArchiveMetadata, WhatIsNoArchive_IsRefused) {
  for (const SearchDepth depth : {SearchDepth::beginning, SearchDepth::whole}) {
    EXPECT_TRUE(refuses(reading({}, depth), "empty"));
    const std::string text = "Not a tar, not even compressed. " + std::string(2000, '.');
    const ByteSpan bytes = bytes_of(text);
    EXPECT_TRUE(refuses(reading({bytes.begin(), bytes.end()}, depth), "no whole archive"));
    EXPECT_TRUE(refuses(reading(ByteVector(10'000, std::byte{0xA5}), depth), "no whole archive"));
  }
}

TEST_F(ForeignMetadata, OfTheOlderService_IsReadWithoutIndex) {
  write_site();
  const ByteVector bytes = packed({"2025-01-20_14-25-30"});
  for (const SearchDepth depth : {SearchDepth::beginning, SearchDepth::whole}) {
    const ArchiveMetadata metadata = metadata_of(bytes, depth);
    EXPECT_FALSE(metadata.indexed());
    EXPECT_EQ(metadata.vhost["backup_type"], "db");
  }
}

TEST_F(ForeignMetadata, WithoutTopFolder_IsReadToo) {
  write_site();
  EXPECT_EQ(metadata_of(packed({"-C", "2025-01-20_14-25-30", "."})).vhost["sitename"], "example.com");
  EXPECT_EQ(metadata_of(packed({"-C", "2025-01-20_14-25-30", "vhost.json"})).vhost["sitename"], "example.com");
}

TEST_F(ForeignMetadata, VhostJsonOfTheWebsite_IsNotTaken) {
  write("site/htdocs/vhost.json", R"({"sitename":"forged"})");
  write("site/htdocs/x/vhost.json", R"({"sitename":"forged"})");
  EXPECT_TRUE(refuses(reading(packed({"site"})), "no vhost.json"));
  EXPECT_TRUE(refuses(reading(packed({"-C", "site", "htdocs"})), "no vhost.json"));
  EXPECT_TRUE(refuses(reading(packed({"-C", "site", "."})), "no vhost.json"));
}

TEST_F(ForeignMetadata, LinkNamedVhostJson_IsNotTaken) {
  write("2025-01-20_14-25-30/x", "x");
  std::filesystem::create_symlink("/etc/passwd", folder_ / "2025-01-20_14-25-30/vhost.json");
  EXPECT_TRUE(refuses(reading(packed({"2025-01-20_14-25-30"})), "no vhost.json"));
}

TEST_F(ForeignMetadata, TruncatedInMidFrame_IsRefused) {
  write("2025-01-20_14-25-30/a", "a");
  std::string noise;
  for (unsigned i = 0; i < 300'000; ++i) noise += static_cast<char>((i * i * 2654435761U) >> 13U);
  write("2025-01-20_14-25-30/b", noise);
  write("2025-01-20_14-25-30/vhost.json", "{}");
  const ByteVector bytes = packed({"2025-01-20_14-25-30"});
  EXPECT_EQ(metadata_of(bytes).vhost, Json::object());
  for (const std::size_t part : {10U, 4U, 2U}) {
    EXPECT_TRUE(refuses(reading(front(bytes, bytes.size() - bytes.size() / part)), "no whole archive")) << part;
  }
}

// What remains of an archive of several frames is a valid zstd file, and libarchive sees no fault in it.
TEST_F(ForeignMetadata, CutOffBetweenMembers_MissesTheEndOfTheTar) {
  write("2025-01-20_14-25-30/a", "a");
  write("2025-01-20_14-25-30/vhost.json", "{}");
  test::run_in(folder_.path(), {"tar", "--sort=name", "-cf", "x.tar", "2025-01-20_14-25-30"});
  ByteVector tar = test::bytes_of_file(folder_ / "x.tar");
  tar.resize(3 * 512);  // the folder, and "a" with its content
  test::write_file(folder_ / "x.tar", tar);
  test::run_in(folder_.path(), {"zstd", "-q", "x.tar"});
  EXPECT_TRUE(refuses(reading(test::bytes_of_file(folder_ / "x.tar.zst")), "end of the tar is missing"));
  tar.resize(tar.size() + 1024);
  EXPECT_TRUE(refuses(reading(tar), "no vhost.json"));
}

TEST_F(ForeignMetadata, VhostJsonBehindALargeFile_IsFoundOnlyByReadingAll) {
  write("2025-01-20_14-25-30/a", "");
  std::filesystem::resize_file(folder_ / "2025-01-20_14-25-30/a", std::uint64_t{64} << 20U);
  write("2025-01-20_14-25-30/vhost.json", R"({"sitename":"example.com"})");
  const ByteVector bytes = packed({"2025-01-20_14-25-30"});
  EXPECT_EQ(metadata_of(bytes).vhost["sitename"], "example.com");
  EXPECT_TRUE(metadata_of(bytes, SearchDepth::beginning).vhost.is_null());
}

// A list must not decompress what follows: 256 GiB of zeros here, if it tried.
TEST_F(ForeignMetadata, EnormousMember_IsNotDecompressedForAList) {
  write("x", "");
  std::filesystem::resize_file(folder_ / "x", std::uint64_t{1} << 30U);
  test::run_in(folder_.path(), {"tar", "-cf", "header.tar", "x"});
  ByteVector frames = test::bytes_of_file(folder_ / "header.tar");
  frames.resize(512);
  test::write_file(folder_ / "header.tar", frames);
  test::run_in(folder_.path(), {"zstd", "-q", "header.tar"});
  frames = test::bytes_of_file(folder_ / "header.tar.zst");
  // No data at all follows; whoever looks for it finds a truncated file.
  EXPECT_TRUE(metadata_of(frames, SearchDepth::beginning).vhost.is_null());
  EXPECT_TRUE(refuses(reading(frames)));
}

TEST_F(ForeignMetadata, EnormousVhostJson_IsRefused) {
  write("2025-01-20_14-25-30/vhost.json", "{\"a\":\"" + std::string(std::size_t{5} << 20U, 'x') + "\"}");
  EXPECT_TRUE(refuses(reading(packed({"2025-01-20_14-25-30"})), "too large"));
}

TEST_F(ForeignMetadata, ErrorsOfReading_PassThrough) {
  class Failing final : public RandomAccess {
   public:
    [[nodiscard]] std::uint64_t size() const override { return 100'000; }
    [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
      if (offset == 0 && buffer.size() < 200'000 && ++reads_ > 1) throw Error(ErrorKind::failed, "the disk is broken");
      return buffer.size();
    }
    [[nodiscard]] const std::string& name() const override { return name_; }

   private:
    mutable int reads_ = 0;
    std::string name_ = "x";
  };
  const Failing file;
  try {
    static_cast<void>(read_metadata(file, SearchDepth::whole));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "the disk is broken");
  }
}

}  // namespace
}  // namespace wobackup
