#include "container/tar_decode.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "container/tar_encode.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

using test::refuses;

constexpr const char* kTop = "top";

auto decoding(const ByteVector& blocks) {
  return [blocks] { static_cast<void>(decode_tar_member(blocks)); };
}

ByteVector encoded(const Entry& entry) {
  ByteVector blocks;
  append_tar_header(blocks, entry, kTop);
  return blocks;
}

void put(ByteVector& block, std::size_t offset, std::string_view text) {
  const ByteSpan bytes = bytes_of(text);
  std::copy(bytes.begin(), bytes.end(), block.begin() + static_cast<std::ptrdiff_t>(offset));
}

std::string octal(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 3U) text[i] = static_cast<char>('0' + (value & 7U));
  return text;
}

// Makes the first header valid again after a change.
void set_checksum(ByteVector& blocks) {
  put(blocks, 148, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < kTarBlockBytes; ++i) sum += std::to_integer<unsigned>(blocks[i]);
  put(blocks, 148, octal(sum, 6) + '\0' + ' ');
}

// A member "top/x" with a change in its header.
ByteVector changed(std::size_t offset, std::string_view text) {
  Entry entry;
  entry.path = "x";
  ByteVector blocks = encoded(entry);
  put(blocks, offset, text);
  set_checksum(blocks);
  return blocks;
}

// An extended header with these records, and a member "top/x" behind it.
ByteVector with_records(const std::string& records, char flag = 'x') {
  ByteVector blocks = changed(124, octal(records.size(), 11));
  blocks[156] = static_cast<std::byte>(flag);
  set_checksum(blocks);
  const ByteSpan bytes = bytes_of(records);
  blocks.insert(blocks.end(), bytes.begin(), bytes.end());
  blocks.resize(blocks.size() + padding_to_block(blocks.size()));
  const ByteVector member = changed(0, "top/x");
  blocks.insert(blocks.end(), member.begin(), member.end());
  return blocks;
}

void expect_same(const Entry& entry) {
  const ByteVector blocks = encoded(entry);
  const auto member = decode_tar_member(blocks);
  ASSERT_TRUE(member);
  EXPECT_EQ(member->header_bytes, blocks.size());
  EXPECT_EQ(member->data_bytes, stored_size(entry));
  const Entry& result = member->entry;
  EXPECT_EQ(result.path, entry.path.empty() ? std::string(kTop) : kTop + std::string("/") + entry.path);
  EXPECT_EQ(result.link, entry.type == EntryType::hardlink ? kTop + std::string("/") + entry.link : entry.link);
  EXPECT_EQ(result.type, entry.type);
  EXPECT_EQ(result.mode, entry.mode);
  EXPECT_EQ(result.uid, entry.uid);
  EXPECT_EQ(result.gid, entry.gid);
  EXPECT_EQ(result.user, entry.user);
  EXPECT_EQ(result.group, entry.group);
  EXPECT_EQ(result.size, entry.size);
  EXPECT_EQ(result.mtime, entry.mtime);
  EXPECT_EQ(result.device_major, entry.device_major);
  EXPECT_EQ(result.device_minor, entry.device_minor);
  EXPECT_EQ(result.xattrs, entry.xattrs);
  EXPECT_EQ(result.acl_access, entry.acl_access);
  EXPECT_EQ(result.acl_default, entry.acl_default);
  EXPECT_EQ(result.sparse, entry.sparse);
}

TEST(TarDecode, WhatIsEncoded_DecodesToTheSame) {
  Entry entry;
  entry.path = "htdocs/index.php";
  entry.mode = 04755;
  entry.uid = 33;
  entry.gid = 33;
  entry.user = "www-data";
  entry.group = "www-data";
  entry.size = 405;
  entry.mtime = {1'700'000'000, 0};
  expect_same(entry);
  for (const std::size_t length : {90U, 96U, 97U, 100U, 101U, 155U, 156U, 252U, 253U, 1000U, 5000U}) {
    entry.path = "d/" + std::string(length, 'n');
    expect_same(entry);
    entry.path = std::string(length / 2, 'd') + "/" + std::string(length / 2, 'n');
    expect_same(entry);
  }
  entry.path = std::string("x\xFF\n=") + '\x01';
  for (const FileTime time : {FileTime{-1, 0}, {-1, 1}, {-2, 999'999'999}, {0, 1}, {8'589'934'592, 0}}) {
    entry.mtime = time;
    expect_same(entry);
  }
  entry.uid = 2'097'152;
  entry.gid = 4'294'967'295;
  entry.user = std::string(200, 'u');
  entry.size = std::uint64_t{1} << 40U;
  entry.xattrs = {{"user.a=b%c%3D", std::string("\0\n=\xFF", 4)}, {"user.empty", ""}};
  entry.acl_access = "user::rw-,user:33:r--,group::r--,mask::r--,other::---";
  entry.acl_default = "user::rw-,group::r--,other::---";
  expect_same(entry);
}

TEST(TarDecode, EveryTypeIsKnown) {
  for (const EntryType type : {EntryType::directory, EntryType::symlink, EntryType::hardlink, EntryType::fifo,
                               EntryType::character_device, EntryType::block_device}) {
    Entry entry;
    entry.path = "x";
    entry.type = type;
    if (type == EntryType::symlink || type == EntryType::hardlink) entry.link = std::string(150, 'l');
    if (type == EntryType::character_device) entry.device_minor = 1'048'575;
    expect_same(entry);
  }
}

TEST(TarDecode, SparseFile_HasItsRealNameAndSize) {
  Entry entry;
  entry.path = "d/holes";
  entry.size = std::uint64_t{9} << 30U;
  entry.sparse = true;
  entry.segments = {{4096, 512}};
  expect_same(entry);
}

TEST(TarDecode, MembersOfGnuTar_AreRead) {
  const test::ScratchFolder folder;
  const std::string long_name(220, 'n');
  folder.write("d/" + long_name, "content");
  std::filesystem::create_symlink(std::string(180, 't'), folder / "d/link");
  for (const char* format : {"gnu", "posix", "oldgnu"}) {
    test::run_in(folder.path(), {"tar", "--sort=name", "--owner=:5000000", "--group=staff:7", "--mtime=@-77",
                                 std::string("--format=") + format, "-cf", "x.tar", "d"});
    const ByteVector tar = test::bytes_of_file(folder / "x.tar");
    ByteSpan rest = tar;
    const auto directory = decode_tar_member(rest);
    ASSERT_TRUE(directory);
    EXPECT_EQ(directory->entry.path, "d");
    EXPECT_EQ(directory->entry.type, EntryType::directory);
    rest = rest.subspan(directory->header_bytes);
    const auto link = decode_tar_member(rest);
    ASSERT_TRUE(link);
    EXPECT_EQ(link->entry.link, std::string(180, 't')) << format;
    EXPECT_EQ(link->entry.mtime, (FileTime{-77, 0})) << format;
    EXPECT_EQ(link->entry.uid, 5'000'000U) << format;
    EXPECT_EQ(link->entry.group, "staff") << format;
    rest = rest.subspan(link->header_bytes);
    const auto file = decode_tar_member(rest);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->entry.path, "d/" + long_name) << format;
    EXPECT_EQ(file->data_bytes, 7U);
    rest = rest.subspan(file->header_bytes);
    EXPECT_EQ(text_of(rest.first(7)), "content");
    EXPECT_FALSE(decode_tar_member(rest.subspan(kTarBlockBytes))) << "the end of the tar";
  }
}

TEST(TarDecode, TruncatedHeaders_AreRefused) {
  Entry entry;
  entry.path = std::string(300, 'x');
  const ByteVector blocks = encoded(entry);
  ASSERT_GT(blocks.size(), 2 * kTarBlockBytes);
  for (std::size_t size = 0; size < blocks.size(); size += 256) {
    EXPECT_TRUE(refuses([&] { static_cast<void>(decode_tar_member(ByteSpan(blocks).first(size))); }, "middle"));
  }
}

TEST(TarDecode, WrongChecksum_IsRefused) {
  ByteVector blocks = changed(0, "x");
  blocks[0] ^= std::byte{1};
  EXPECT_TRUE(refuses(decoding(blocks), "checksum"));
}

TEST(TarDecode, UnknownTypesAndBadNumbers_AreRefused) {
  EXPECT_TRUE(refuses(decoding(changed(156, "Z")), "unknown type"));
  EXPECT_TRUE(refuses(decoding(changed(124, "0000000000x")), "octal"));
  EXPECT_TRUE(refuses(decoding(changed(124, std::string(12, '\xFF'))), "negative"));
  EXPECT_TRUE(refuses(decoding(changed(124, "\x80" + std::string(11, '\x01'))), "too large"));
  EXPECT_TRUE(refuses(decoding(changed(108, std::string(8, '\xFF'))), "negative"));
  EXPECT_TRUE(refuses(decoding(changed(0, std::string(5, '\0'))), "usable path"));
}

TEST(TarDecode, BadPaxRecords_AreRefused) {
  for (const char* records : {"x", "5 a=\nx", "99 path=a\n", "10 path=ab", "0 path=a\n", "9 pathaa\n", "-9 path=a\n",
                              "18446744073709551615 path=a\n", "9 size=x\n", "11 size=-1\n", "11 mtime=x\n",
                              "13 mtime=1.x\n", "30 mtime=99999999999999999999\n", "10 uid=-1\n", "8 path=\n"}) {
    EXPECT_TRUE(refuses(decoding(with_records(records)))) << records;
  }
  EXPECT_TRUE(refuses(decoding(with_records(std::string("12 path=a\0b\n", 12))), "usable path"));
}

TEST(TarDecode, UnknownPaxRecords_ArePassedOver) {
  const auto member = decode_tar_member(with_records("18 LIBARCHIVE.x=y\n12 path=new\n"));
  ASSERT_TRUE(member);
  EXPECT_EQ(member->entry.path, "new");
}

TEST(TarDecode, GlobalPaxHeaders_ArePassedOver) {
  const auto member = decode_tar_member(with_records("12 path=new\n", 'g'));
  ASSERT_TRUE(member);
  EXPECT_EQ(member->entry.path, "top/x");
}

TEST(TarDecode, ExtendedHeaderWithoutMember_IsRefused) {
  ByteVector blocks = with_records("12 path=new\n");
  std::fill(blocks.end() - kTarBlockBytes, blocks.end(), std::byte{0});
  EXPECT_TRUE(refuses(decoding(blocks), "no member"));
}

TEST(TarDecode, EnormousExtendedHeader_IsRefused) {
  ByteVector blocks = with_records("12 path=new\n");
  put(blocks, 124, "77777777777");
  set_checksum(blocks);
  EXPECT_TRUE(refuses(decoding(blocks), "too large"));
}

}  // namespace
}  // namespace wobackup
