// Most of these unpack with the tools that users have: nothing less proves that a tar is one.
#include "container/tar_encode.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <functional>

#include "fakes/plain_tools.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

constexpr const char* kTop = "2025-01-20_14-25-30";

// A tar under construction.
class Tar {
 public:
  void add(const Entry& entry, std::string_view content = {}) {
    add_header(entry);
    if (entry.sparse) append_sparse_map(bytes_, entry);
    const ByteSpan data = bytes_of(content);
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    bytes_.resize(bytes_.size() + padding_to_block(bytes_.size()));
  }
  void add_header(const Entry& entry) { append_tar_header(bytes_, entry, kTop); }
  void add_file(const std::string& path, const std::string& content, const std::function<void(Entry&)>& change = {}) {
    Entry entry;
    entry.path = path;
    entry.size = content.size();
    entry.mtime = {1'700'000'000, 0};
    entry.uid = ::geteuid();
    entry.gid = ::getegid();
    if (change) change(entry);
    add(entry, content);
  }
  void add_other(EntryType type, const std::string& path, const std::string& link = {}) {
    Entry entry;
    entry.type = type;
    entry.path = path;
    entry.link = link;
    entry.mode = 0750;
    entry.uid = ::geteuid();
    entry.gid = ::getegid();
    add(entry);
  }
  [[nodiscard]] ByteVector whole() const {
    ByteVector bytes = bytes_;
    bytes.resize(bytes.size() + 1024);
    return bytes;
  }
  [[nodiscard]] const ByteVector& bytes() const { return bytes_; }

 private:
  ByteVector bytes_;
};

Entry sparse_entry(const std::string& path, std::uint64_t size, std::vector<SparseSegment> segments) {
  Entry entry;
  entry.path = path;
  entry.size = size;
  entry.sparse = true;
  entry.segments = std::move(segments);
  entry.uid = ::geteuid();
  entry.gid = ::getegid();
  return entry;
}

std::string repeated(const std::string& part, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

// Unpacks with the tool named by the parameter, which must not complain.
class UnpackTest : public ::testing::TestWithParam<const char*> {
 protected:
  void unpack(const Tar& tar) {
    test::write_file(folder_ / "x.tar", tar.whole());
    // Outside of UTF-8 locales, bsdtar complains of every long name that is not ASCII.
    std::vector<std::string> argv{"env", "LC_ALL=C.UTF-8", GetParam()};
    if (!with_bsdtar()) argv.insert(argv.end(), {"--xattrs", "--xattrs-include=*", "--acls"});
    if (complains_of_times_) argv.emplace_back("--warning=no-timestamp");
    argv.insert(argv.end(), {"-xpf", "x.tar"});
    test::run_in(folder_.path(), argv);
  }
  [[nodiscard]] static bool with_bsdtar() { return std::string_view(GetParam()) == "bsdtar"; }
  [[nodiscard]] std::filesystem::path unpacked(const std::string& path) const { return folder_ / kTop / path; }
  [[nodiscard]] struct stat status_of(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::lstat(unpacked(path).c_str(), &status), 0) << path;
    return status;
  }
  void check_file(const std::string& path, const std::string& content) const {
    ASSERT_TRUE(std::filesystem::is_regular_file(unpacked(path))) << path;
    EXPECT_EQ(test::text_of_file(unpacked(path)), content) << path;
  }
  void check_times(const std::vector<FileTime>& times) {
    Tar tar;
    for (std::size_t i = 0; i < times.size(); ++i) {
      tar.add_file("f" + std::to_string(i), "", [&](Entry& entry) { entry.mtime = times[i]; });
    }
    unpack(tar);
    for (std::size_t i = 0; i < times.size(); ++i) {
      const struct stat status = status_of("f" + std::to_string(i));
      EXPECT_EQ(status.st_mtim.tv_sec, times[i].seconds) << i;
      EXPECT_EQ(status.st_mtim.tv_nsec, times[i].nanoseconds) << i;
    }
  }

  bool complains_of_times_ = false;
  test::ScratchFolder folder_;
};

TEST_P(UnpackTest, EveryKindOfNameComesBack) {
  std::vector<std::string> paths{
      "plain.txt",
      "with space and 'quotes\" and \\",
      "new\nline",
      "tab\t and \x01 control",
      "Grüße 😀",
      "invalid \xFF\xFE utf-8",
      "d/" + std::string(255, 'n'),
      std::string(255, 'd') + "/" + std::string(255, 'n'),
      std::string(80, 'a'),                                 // exactly 100 with the top folder
      std::string(81, 'b'),                                 // and one more
      std::string(135, 'p') + "/" + std::string(100, 'n'),  // the longest that needs no pax header
      std::string(136, 'p') + "/" + std::string(100, 'n'),
      repeated("directory-of-30-bytes-length-/", 45) + "deep",
      repeated(std::string(200, 'w') + "/", 15) + "deeper",
      " leading",
      "trailing ",
      "-option",
      "a=b%3Dc",
  };
  // bsdtar unpacks a long name that is not UTF-8, too, but complains; GNU tar would complain of what silences that.
  if (!with_bsdtar()) paths.push_back("invalid/\xC3/" + std::string(200, 'x') + "\xC3");
  Tar tar;
  for (const std::string& path : paths) tar.add_file(path, "content of " + path);
  unpack(tar);
  for (const std::string& path : paths) check_file(path, "content of " + path);
}

TEST_P(UnpackTest, FoldersOfAnyLengthComeBack) {
  const std::vector<std::string> paths{"empty", std::string(79, 'e'), std::string(80, 'f'),
                                       repeated("directory-of-30-bytes-length-/", 40) + "d"};
  Tar tar;
  for (const std::string& path : paths) tar.add_other(EntryType::directory, path);
  unpack(tar);
  for (const std::string& path : paths) {
    EXPECT_TRUE(std::filesystem::is_directory(unpacked(path))) << path;
    EXPECT_EQ(status_of(path).st_mode & 07777U, 0750U);
  }
}

TEST_P(UnpackTest, LinksComeBack) {
  const std::string long_path = repeated("directory-of-30-bytes-length-/", 10) + "first";
  const std::string long_target = "/nowhere/" + std::string(300, 't');
  Tar tar;
  tar.add_file("first", "shared");
  tar.add_file(long_path, "shared by a long name");
  tar.add_other(EntryType::hardlink, "again", "first");
  tar.add_other(EntryType::hardlink, "again of long", long_path);
  tar.add_other(EntryType::symlink, "dangling", "../../outside/nothing");
  tar.add_other(EntryType::symlink, "long link", long_target);
  tar.add_other(EntryType::symlink, "raw link", "x\xFFy\nz");
  unpack(tar);
  check_file("again", "shared");
  check_file("again of long", "shared by a long name");
  EXPECT_EQ(status_of("again").st_ino, status_of("first").st_ino);
  EXPECT_EQ(status_of("again of long").st_ino, status_of(long_path).st_ino);
  EXPECT_EQ(std::filesystem::read_symlink(unpacked("dangling")), "../../outside/nothing");
  EXPECT_EQ(std::filesystem::read_symlink(unpacked("long link")), long_target);
  EXPECT_EQ(std::filesystem::read_symlink(unpacked("raw link")), "x\xFFy\nz");
}

TEST_P(UnpackTest, TimesAreExact) {
  check_times({{0, 0}, {1'700'000'000, 123'456'789}, {1'700'000'000, 1}, {1'700'000'000, 900'000'000}});
}

TEST_P(UnpackTest, TimesBefore1970AreExact) {
  complains_of_times_ = !with_bsdtar();  // GNU tar says "implausibly old time stamp", whoever made the tar
  std::vector<FileTime> times{{-1, 0}, {-86400, 0}, {-2'000'000'000, 0}};
  // libarchive 3.6 reads -1.5 as half a second before 1970, whoever made the tar.
  if (!with_bsdtar()) times.insert(times.end(), {{-2, 500'000'000}, {-1, 500'000'000}, {-1, 999'999'999}});
  check_times(times);
}

TEST_P(UnpackTest, OwnersAndModesComeBack) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  Tar tar;
  tar.add_file("setuid", "", [](Entry& entry) {
    entry.mode = 06755;
    entry.uid = 33;
    entry.gid = 12345;
  });
  tar.add_file("large ids", "", [](Entry& entry) {
    entry.mode = 0;
    entry.uid = 2'097'152;
    entry.gid = 4'000'000'000;
  });
  tar.add_file("long names", "", [](Entry& entry) {
    entry.user = "no-such-user-" + std::string(40, 'u');
    entry.group = "no-such-group-" + std::string(40, 'g');
    entry.uid = 54321;
    entry.gid = 54322;
  });
  tar.add_other(EntryType::fifo, "fifo");
  unpack(tar);
  EXPECT_EQ(status_of("setuid").st_mode & 07777U, 06755U);
  EXPECT_EQ(status_of("setuid").st_uid, 33U);
  EXPECT_EQ(status_of("setuid").st_gid, 12345U);
  EXPECT_EQ(status_of("large ids").st_mode & 07777U, 0U);
  EXPECT_EQ(status_of("large ids").st_uid, 2'097'152U);
  EXPECT_EQ(status_of("large ids").st_gid, 4'000'000'000U);
  EXPECT_EQ(status_of("long names").st_uid, 54321U);
  EXPECT_TRUE(S_ISFIFO(status_of("fifo").st_mode));
}

TEST_P(UnpackTest, ExtendedAttributesComeBack) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string probe = folder_.write("probe", "").string();
  if (::setxattr(probe.c_str(), "user.probe", "1", 1, 0) != 0) GTEST_SKIP() << "no extended attributes here";
  const std::vector<Xattr> xattrs{{"trusted.own", "secret"},
                                  {"user.a=b%3D", "odd name"},
                                  {"user.binary", std::string("\0\x01\xFF\n=\0", 6)},
                                  {"user.empty", ""},
                                  {"user.large", std::string(3000, 'v')},
                                  {"user.text", "Grüße"}};
  Tar tar;
  tar.add_file("file", "x", [&](Entry& entry) { entry.xattrs = xattrs; });
  unpack(tar);
  for (const Xattr& xattr : xattrs) {
    // bsdtar leaves empty values out, and decodes names as URLs.
    if (with_bsdtar() && (xattr.value.empty() || xattr.name == "user.a=b%3D")) continue;
    std::string value(4096, '\0');
    const ssize_t size = ::getxattr(unpacked("file").c_str(), xattr.name.c_str(), value.data(), value.size());
    ASSERT_GE(size, 0) << xattr.name;
    value.resize(static_cast<std::size_t>(size));
    EXPECT_EQ(value, xattr.value) << xattr.name;
  }
}

TEST_P(UnpackTest, AclsComeBack) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  folder_.write("probe", "");
  try {
    test::run_in(folder_.path(), {"setfacl", "-m", "user:33:rwx", "probe"});
  } catch (const std::runtime_error&) {
    GTEST_SKIP() << "no ACLs here";
  }
  Tar tar;
  tar.add_file("file", "x", [](Entry& entry) {
    entry.mode = 0660;
    entry.acl_access = "user::rw-,user:33:r--,user:54321:rw-,group::r--,mask::rw-,other::---";
  });
  Entry folder;
  folder.path = "folder";
  folder.type = EntryType::directory;
  folder.mode = 0750;
  folder.acl_access = "user::rwx,group::r-x,group:12345:r-x,mask::r-x,other::---";
  folder.acl_default = "user::rwx,user:33:r-x,group::r-x,mask::r-x,other::---";
  tar.add(folder);
  unpack(tar);
  const std::string shown =
      test::run_in(folder_.path(), {"getfacl", "-nPp", unpacked("file").string(), unpacked("folder").string()});
  for (const char* line : {"user:33:r--\n", "user:54321:rw-\n", "mask::rw-\n", "group:12345:r-x\n",
                           "default:user:33:r-x\n", "default:mask::r-x\n"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
}

TEST_P(UnpackTest, SparseFilesComeBackWithTheirHoles) {
  constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30U;
  const std::string first(4096, 'A'), last(1000, 'Z');
  Tar tar;
  tar.add(sparse_entry("large", 9 * kGibibyte + 1000, {{4096, 4096}, {9 * kGibibyte, 1000}}), first + last);
  tar.add(sparse_entry("ends in a hole", 1 << 20, {{0, 4096}}), first);
  tar.add(sparse_entry("only a hole", 1 << 20, {}));
  tar.add(sparse_entry("deep/" + std::string(255, 's'), 8192, {{0, 4096}}), first);
  std::vector<SparseSegment> many;
  for (std::uint64_t i = 0; i < 1000; ++i) many.push_back({i * 8192, 512});
  tar.add(sparse_entry("many", std::uint64_t{8} << 20U, many), std::string(512'000, 'm'));
  tar.add_file("after", "still in step");
  unpack(tar);

  const auto read_at = [this](const std::string& path, std::uint64_t offset, std::size_t length) {
    std::ifstream file(unpacked(path), std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    std::string text(length, '?');
    file.read(text.data(), static_cast<std::streamsize>(length));
    return text;
  };
  EXPECT_EQ(std::filesystem::file_size(unpacked("large")), 9 * kGibibyte + 1000);
  EXPECT_LT(status_of("large").st_blocks * 512, 1 << 20);
  EXPECT_EQ(read_at("large", 0, 4096), std::string(4096, '\0'));
  EXPECT_EQ(read_at("large", 4096, 4096), first);
  EXPECT_EQ(read_at("large", 9 * kGibibyte, 1000), last);
  EXPECT_EQ(std::filesystem::file_size(unpacked("ends in a hole")), 1U << 20U);
  EXPECT_EQ(read_at("ends in a hole", 0, 4097), first + '\0');
  EXPECT_EQ(std::filesystem::file_size(unpacked("only a hole")), 1U << 20U);
  EXPECT_EQ(read_at("deep/" + std::string(255, 's'), 0, 4096), first);
  EXPECT_EQ(read_at("many", 999 * 8192 + 511, 2), std::string("m\0", 2));
  check_file("after", "still in step");
}

TEST_P(UnpackTest, SizesOver8GiBAreKnown) {
  constexpr std::uint64_t kSize = (std::uint64_t{9} << 30U) + 513;
  Entry large;
  large.path = "large";
  large.size = kSize;
  Tar tar, rest;
  tar.add_header(large);
  rest.add_file("after", "x");
  // The data is a hole in the tar itself, which both tools step over.
  test::write_file(folder_ / "x.tar", tar.bytes());
  std::filesystem::resize_file(folder_ / "x.tar", tar.bytes().size() + kSize + padding_to_block(kSize));
  const ByteVector end = rest.whole();
  std::ofstream(folder_ / "x.tar", std::ios::binary | std::ios::app)
      .write(text_of(end).data(), static_cast<std::streamsize>(end.size()));
  const std::string listing = test::run_in(folder_.path(), {GetParam(), "-tvf", "x.tar"});
  EXPECT_NE(listing.find(" 9663676929 "), std::string::npos) << listing;
  EXPECT_NE(listing.find("/after"), std::string::npos) << listing;
}

INSTANTIATE_TEST_SUITE_P(With, UnpackTest, ::testing::Values("tar", "bsdtar"),
                         [](const auto& tool) { return std::string(tool.param); });

TEST(TarEncode, PlainMember_IsOneHeaderBlock) {
  Tar tar;
  tar.add_file("htdocs/index.php", "<?php");
  EXPECT_EQ(tar.bytes().size(), 2 * kTarBlockBytes);
  EXPECT_EQ(text_of(tar.bytes()).substr(0, 36), std::string(kTop) + "/htdocs/index.php");
}

TEST(TarEncode, TopFolder_HasASlashAtItsEnd) {
  Tar tar;
  tar.add_other(EntryType::directory, "");
  EXPECT_EQ(text_of(tar.bytes()).substr(0, 21), std::string(kTop) + "/" + '\0');
  EXPECT_EQ(tar.bytes()[156], std::byte{'5'});
}

TEST(TarEncode, TheSameEntry_GivesTheSameBytes) {
  const auto encoded = [] {
    Tar tar;
    tar.add_file(std::string(300, 'x'), "y", [](Entry& entry) {
      entry.mtime = {1, 2};
      entry.xattrs = {{"user.a", "b"}};
    });
    return tar.bytes();
  };
  EXPECT_EQ(encoded(), encoded());
  EXPECT_EQ(text_of(encoded()).find("atime"), std::string_view::npos);
  EXPECT_EQ(text_of(encoded()).find("ctime"), std::string_view::npos);
}

TEST(TarEncode, StoredSizeOfASparseFile_IsMapAndSegments) {
  const Entry entry = sparse_entry("x", 1 << 20, {{4096, 512}, {8192, 200}});
  EXPECT_EQ(stored_size(entry), 512U + 712U);
  ByteVector map;
  append_sparse_map(map, entry);
  EXPECT_EQ(map.size(), 512U);
  EXPECT_EQ(text_of(map).substr(0, 32), std::string("3\n4096\n512\n8192\n200\n1048576\n0\n") + '\0' + '\0');
}

TEST(TarEncode, StoredSize_IsZeroForAllButFiles) {
  Entry entry;
  entry.size = 77;
  EXPECT_EQ(stored_size(entry), 77U);
  entry.type = EntryType::symlink;
  EXPECT_EQ(stored_size(entry), 0U);
}

}  // namespace
}  // namespace wobackup
