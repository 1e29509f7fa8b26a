#include "store/archive/foreign_archive.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>

#include "base/file_access.h"
#include "fakes/memory_file.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "store/archive/archive_reader.h"
#include "store/archive/made_archive.h"
#include "store/archive/member_access.h"
#include "store/archive/read_back.h"

namespace wobackup {
namespace {

using test::content_of;
using test::MemoryFile;
using test::part_of;
using test::paths_of;

std::vector<std::string> sorted(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  return paths;
}

// A folder with what tar makes of it.
class ForeignArchiveReading : public ::testing::Test {
 protected:
  MemoryFile packed(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv{"tar", "-cf", (folder_ / "x.tar.zst").string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    static_cast<void>(test::run_in(folder_.path(), argv));
    return MemoryFile(test::bytes_of_file(folder_ / "x.tar.zst"));
  }
  ByteVector bytes_by_bsdtar(std::vector<std::string> arguments, const std::string& what) const {
    arguments.insert(arguments.begin(), {"env", "LC_ALL=C.UTF-8", "bsdtar"});
    arguments.insert(arguments.end(), {"-cf", (folder_ / "x.bin").string(), what});
    static_cast<void>(test::run_in(folder_.path(), arguments));
    return test::bytes_of_file(folder_ / "x.bin");
  }
  MemoryFile packed_by_bsdtar(std::vector<std::string> arguments, const std::string& what) const {
    return MemoryFile(bytes_by_bsdtar(std::move(arguments), what));
  }
  test::ScratchFolder folder_;
};

TEST_F(ForeignArchiveReading, PathsAreRelativeToItsTopFolder) {
  const std::string top = test::kMadeName;
  folder_.write(top + "/htdocs/caf\xc3\xa9 \xff.php", "<?php");
  folder_.write(top + "/vhost.json", R"({"sitename":"old.example"})");
  std::filesystem::create_hard_link(folder_ / top / "vhost.json", folder_ / top / "zz");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--zstd", "--format=pax", "--sort=name", top},
        {"--gzip", "--format=gnu", "--sort=name", top},
        {"--bzip2", "--format=gnu", "--sort=name", top},
        {"--xz", "--format=gnu", "--sort=name", top},
        {"--zstd", "--format=posix", "--sort=name", "-C", top, "."}}) {
    const MemoryFile file = packed(arguments);
    const ArchiveReader archive(file);
    EXPECT_FALSE(archive.indexed());
    EXPECT_EQ(archive.vhost()["sitename"], "old.example");
    const std::string odd = "htdocs/caf\xc3\xa9 \xff.php";
    EXPECT_EQ(paths_of(archive), (std::vector<std::string>{"htdocs", odd, "vhost.json", "zz"}));
    EXPECT_EQ(content_of(archive, odd), "<?php");
    EXPECT_EQ(content_of(archive, "zz"), R"({"sitename":"old.example"})");
    EXPECT_EQ(archive.entry("zz")->entry.type, EntryType::hardlink);
    EXPECT_EQ(archive.entry("zz")->entry.link, "vhost.json");
    EXPECT_EQ(archive.entry(odd)->entry.size, 5U);
    EXPECT_FALSE(archive.entry(odd)->sha256.has_value());
  }
}

// What else sites are backed up in. 7z names in Unicode, so its names are UTF-8 whatever the locale.
TEST_F(ForeignArchiveReading, OtherFormatsAreReadToo) {
  const std::string top = test::kMadeName;
  folder_.write(top + "/htdocs/caf\xc3\xa9.php", "<?php");
  folder_.write(top + "/vhost.json", R"({"sitename":"old.example"})");
  std::filesystem::create_symlink("caf\xc3\xa9.php", folder_ / top / "htdocs/link");
  std::filesystem::permissions(folder_ / top / "vhost.json", std::filesystem::perms(0640));
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--format=zip"},
                                                    {"--format=zip", "--options=zip:compression=store"},
                                                    {"--format=7zip"},
                                                    {"--format=newc"},
                                                    {"--format=odc", "--gzip"},
                                                    {"--format=pax", "--lzip"},
                                                    {"--format=ustar", "--lz4"},
                                                    {"--format=gnutar", "--lzma"},
                                                    {"--format=v7", "--compress"}}) {
    const MemoryFile file = packed_by_bsdtar(arguments, top);
    const ArchiveReader archive(file);
    SCOPED_TRACE(arguments.front());
    EXPECT_FALSE(archive.indexed());
    EXPECT_EQ(archive.vhost()["sitename"], "old.example");
    const std::string odd = "htdocs/caf\xc3\xa9.php";
    EXPECT_EQ(sorted(paths_of(archive)), (std::vector<std::string>{"htdocs", odd, "htdocs/link", "vhost.json"}));
    EXPECT_EQ(content_of(archive, odd), "<?php");
    EXPECT_EQ(archive.entry("htdocs/link")->entry.link, "caf\xc3\xa9.php");
    EXPECT_EQ(archive.entry("vhost.json")->entry.mode, 0640U);
    EXPECT_EQ(archive.entry(odd)->entry.size, 5U);
  }
}

TEST_F(ForeignArchiveReading, OtherFormats_CutOff_AreRefused) {
  folder_.write("site/a", std::string(5000, 'a'));
  folder_.write("site/b", std::string(5000, 'b'));
  for (const char* format : {"--format=zip", "--format=7zip", "--format=newc", "--format=odc"}) {
    SCOPED_TRACE(format);
    const ByteVector whole = bytes_by_bsdtar({format}, "site");
    for (const std::size_t size : {whole.size() / 3, whole.size() * 2 / 3, whole.size() - 700}) {
      if (size < 6000 || size > whole.size()) continue;
      const MemoryFile file(ByteVector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      test::refusal(
          [&] {
            for (ForeignArchive foreign(file); foreign.next();) {
              if (foreign.is_file()) foreign.read([](std::uint64_t, ByteSpan) {});
            }
          },
          ErrorKind::verification);
    }
  }
}

TEST_F(ForeignArchiveReading, SizeThatLies_IsRefused) {
  folder_.write("site/a", std::string(5000, 'a'));
  ByteVector bytes = bytes_by_bsdtar({"--format=zip"}, "site");
  const ByteVector real{std::byte{0x88}, std::byte{0x13}, std::byte{0}, std::byte{0}};  // 5000
  const auto lie = [&](std::byte low) {
    auto at = bytes.begin();
    while ((at = std::search(at, bytes.end(), real.begin(), real.end())) != bytes.end()) *at = low;
  };
  lie(std::byte{0x89});
  const MemoryFile file(bytes);
  const ArchiveReader archive(file);
  EXPECT_EQ(archive.entry("site/a")->entry.size, 5001U);
  test::refusal([&] { content_of(archive, "site/a"); }, ErrorKind::verification);
}

// Every path with its content; or nothing, if the archive is refused.
std::optional<std::map<std::string, std::string>> all_of(const ByteVector& bytes) {
  const MemoryFile file(bytes);
  std::map<std::string, std::string> found;
  try {
    for (ForeignArchive foreign(file); foreign.next();) {
      std::string& content = found[std::string(foreign.stored_path())];
      if (foreign.is_file()) foreign.read([&](std::uint64_t, ByteSpan part) { content += text_of(part); });
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification) << error.message();
    return std::nullopt;
  }
  return found;
}

// Whatever has checksums. What cannot be told then is a changed name, time or mode in a header that has none.
TEST_F(ForeignArchiveReading, ChangedBits_NeverComeOut) {
  std::mt19937 random(3);
  const auto noise = [&random](std::size_t size) {
    std::string text(size, ' ');
    for (char& byte : text) byte = static_cast<char>(random());
    return text;
  };
  for (const char* name : {"site/a", "site/b", "site/c"}) folder_.write(name, noise(20'000));
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--format=pax", "--gzip"},
                                                    {"--format=pax", "--bzip2"},
                                                    {"--format=pax", "--xz"},
                                                    {"--format=pax", "--lzip"},
                                                    {"--format=zip", "--options=zip:compression=store"},
                                                    {"--format=zip"},
                                                    {"--format=7zip"}}) {
    SCOPED_TRACE(arguments.back());
    const ByteVector whole = bytes_by_bsdtar(arguments, "site");
    const auto right = all_of(whole);
    ASSERT_TRUE(right);
    ASSERT_EQ(right->size(), 4U);
    int refused = 0;
    for (int i = 0; i < 60; ++i) {
      ByteVector changed = whole;
      changed[500 + random() % 60'000] ^= std::byte{1} << (random() % 8);
      const auto got = all_of(changed);
      if (!got) {
        ++refused;
      } else {
        EXPECT_EQ(*got, *right);
      }
    }
    EXPECT_GT(refused, 50);
  }
}

TEST_F(ForeignArchiveReading, ZerosAreNoArchive_AndNoEndInTheMiddle) {
  EXPECT_FALSE(all_of(ByteVector(20480)));
  for (const char* name : {"a", "b", "c"}) folder_.write(name, "content");
  ByteVector bytes = bytes_by_bsdtar({"--format=ustar"}, "a");
  EXPECT_TRUE(all_of(bytes));
  static_cast<void>(test::run_in(folder_.path(), {"bsdtar", "--format=ustar", "-cf", "x.tar", "a", "b", "c"}));
  bytes = test::bytes_of_file(folder_ / "x.tar");
  ASSERT_EQ(all_of(bytes)->size(), 3U);
  std::fill_n(bytes.begin() + 1024, 512, std::byte{0});  // the second member's header
  EXPECT_FALSE(all_of(bytes));
}

TEST_F(ForeignArchiveReading, SeveralGzipStreamsInARow_AreOne) {
  folder_.write("site/a", std::string(100'000, 'a'));
  const ByteVector plain = bytes_by_bsdtar({"--format=ustar"}, "site");
  folder_.write("first", text_of(ByteSpan(plain).first(1000)));
  folder_.write("second", text_of(ByteSpan(plain).subspan(1000)));
  static_cast<void>(test::run_in(folder_.path(), {"gzip", "-k", "first", "second"}));
  ByteVector bytes = test::bytes_of_file(folder_ / "first.gz");
  const ByteVector second = test::bytes_of_file(folder_ / "second.gz");
  bytes.insert(bytes.end(), second.begin(), second.end());
  const auto got = all_of(bytes);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->at("site/a"), std::string(100'000, 'a'));
  bytes.resize(bytes.size() - 3);
  EXPECT_FALSE(all_of(bytes));
}

// An mtree's contents are whatever files of this machine it names.
TEST_F(ForeignArchiveReading, ListsOfLocalFiles_AreNoArchives) {
  folder_.write("x", "#mtree\nshadow type=file contents=/etc/hostname\n");
  const MemoryFile file(test::bytes_of_file(folder_ / "x"));
  const std::string refusal = test::refusal([&] { const ArchiveReader archive(file); }, ErrorKind::verification);
  EXPECT_NE(refusal.find("no whole archive"), std::string::npos) << refusal;
}

// The contents come with the last of a file's names, and the first would be restored empty.
TEST_F(ForeignArchiveReading, LinksWithContents_AreRefused) {
  folder_.write("site/a", "text");
  std::filesystem::create_hard_link(folder_ / "site/a", folder_ / "site/b");
  const MemoryFile file = packed_by_bsdtar({"--format=newc"}, "site");
  const ArchiveReader archive(file);
  const std::string refusal = test::refusal([&] { paths_of(archive); }, ErrorKind::verification);
  EXPECT_NE(refusal.find("hard link"), std::string::npos) << refusal;
}

TEST_F(ForeignArchiveReading, WithoutVhost_HasNone) {
  folder_.write("site/index.php", "<?php");
  const MemoryFile file = packed({"--zstd", "site"});
  const ArchiveReader archive(file);
  EXPECT_TRUE(archive.vhost().is_null());
  EXPECT_EQ(content_of(archive, "site/index.php"), "<?php");
}

TEST_F(ForeignArchiveReading, PathsThatLeadOutside_AreFlagged) {
  folder_.write("a", "x");
  for (const char* path : {"/etc/shadow", "../up", "htdocs/../../up"}) {
    const MemoryFile file = packed({"--zstd", "-P", std::string("--transform=s,^a$,") + path + ",", "a"});
    const ArchiveReader archive(file);
    archive.entries([&](const ManifestEntry& listed) {
      EXPECT_EQ(listed.entry.path, path);
      EXPECT_EQ(listed.flags, std::vector<std::string>{"unsafe"});
    });
    EXPECT_EQ(paths_of(archive).size(), 1U);
  }
}

TEST_F(ForeignArchiveReading, Member_IsSpooledWithItsHolesAndHidden) {
  folder_.write("d/big", "start");
  std::filesystem::resize_file(folder_ / "d/big", 3'000'000);
  std::ofstream(folder_ / "d/big", std::ios::app) << "end";
  const MemoryFile file = packed({"--zstd", "-S", "d"});
  const ArchiveReader archive(file);
  const UniqueFd directory(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  UniqueFd spool = unnamed_file(directory.get(), "scratch");
  const UniqueFd same(::dup(spool.get()));
  const MemberAccess member(archive, "d/big", std::move(spool));
  EXPECT_EQ(member.size(), 3'000'003U);
  // Whoever gets the disk's blocks later finds no plaintext.
  ByteVector raw(3'000'003);
  EXPECT_EQ(pread_up_to(same.get(), raw, 0, "scratch"), raw.size());
  EXPECT_EQ(text_of(raw).find("start"), std::string_view::npos);
  EXPECT_NE(text_of(raw).substr(3'000'000), "end");
  EXPECT_EQ(part_of(member, 0, 7), std::string("start\0\0", 7));
  EXPECT_EQ(part_of(member, 2'999'999, 100), std::string("\0end", 4));
  EXPECT_EQ(content_of(archive, "d/big").size(), 3'000'003U);
}

}  // namespace
}  // namespace wobackup
