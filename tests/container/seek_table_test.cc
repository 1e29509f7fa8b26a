#include "container/seek_table.h"

#include <gtest/gtest.h>

#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::refuses;

constexpr std::uint64_t kFramesBytes = 100 + 70'000 + 72;

ByteVector table_of_three() {
  SeekTableBuilder builder;
  builder.add(100, 1024);
  builder.add(70'000, 4'194'304);
  builder.add(72, 0);
  return builder.encode();
}

auto parsing(const ByteVector& table, std::uint64_t file_bytes) {
  return [table, file_bytes] { static_cast<void>(parse_seek_table(table, file_bytes)); };
}

TEST(SeekTable, IsTheStandardSeekableFormat) {
  SeekTableBuilder builder;
  builder.add(0x01020304, 0x05060708);
  EXPECT_EQ(hex(builder.encode()),
            "5e2a4d18"
            "11000000"
            "0403020108070605"
            "01000000"
            "00"
            "b1ea928f");
}

TEST(SeekTable, FramesHaveTheirOffsets) {
  const ByteVector table = table_of_three();
  EXPECT_EQ(seek_table_bytes(table), table.size());
  const auto frames = parse_seek_table(table, kFramesBytes + table.size());
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[1].offset, 100U);
  EXPECT_EQ(frames[1].plain_offset, 1024U);
  EXPECT_EQ(frames[1].bytes, 70'000U);
  EXPECT_EQ(frames[1].plain_bytes, 4'194'304U);
  EXPECT_EQ(frames[2].offset, 70'100U);
  EXPECT_EQ(frames[2].plain_offset, 4'195'328U);
}

TEST(SeekTable, ChecksumsOfOtherWriters_ArePassedOver) {
  ByteVector table;
  for (const std::uint32_t number : {0x184D2A5EU, 12U + 9U, 100U, 1024U, 0xDEADBEEFU, 1U}) append_le(table, number);
  append_le(table, std::uint8_t{0x80});
  append_le(table, std::uint32_t{0x8F92EAB1});
  const auto frames = parse_seek_table(table, 100 + table.size());
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].plain_bytes, 1024U);
}

TEST(SeekTable, TruncatedSeekTable_IsRefused) {
  const ByteVector table = table_of_three();
  for (std::size_t missing = 1; missing <= table.size(); ++missing) {
    const ByteVector rest(table.begin() + static_cast<std::ptrdiff_t>(missing), table.end());
    EXPECT_TRUE(refuses(parsing(rest, kFramesBytes + rest.size()))) << missing;
    const ByteVector front(table.begin(), table.end() - static_cast<std::ptrdiff_t>(missing));
    EXPECT_TRUE(refuses(parsing(front, kFramesBytes + front.size()))) << missing;
  }
}

TEST(SeekTable, FramesThatDoNotFillTheFile_AreRefused) {
  const ByteVector table = table_of_three();
  EXPECT_TRUE(refuses(parsing(table, kFramesBytes + table.size() - 1), "do not fill"));
  EXPECT_TRUE(refuses(parsing(table, kFramesBytes + table.size() + 1), "do not fill"));
  EXPECT_TRUE(refuses(parsing(table, table.size() - 1)));
}

TEST(SeekTable, ReservedBits_AreRefused) {
  for (unsigned bit = 2; bit < 7; ++bit) {
    ByteVector table = table_of_three();
    table[table.size() - 5] = static_cast<std::byte>(1U << bit);
    EXPECT_EQ(seek_table_bytes(table), 0U);
    EXPECT_TRUE(refuses(parsing(table, kFramesBytes + table.size())));
  }
}

TEST(SeekTable, WrongMagicOrLength_IsRefused) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{4}, table_of_three().size() - 1}) {
    ByteVector table = table_of_three();
    table[at] ^= std::byte{1};
    EXPECT_TRUE(refuses(parsing(table, kFramesBytes + table.size()))) << at;
  }
}

TEST(SeekTable, MoreFramesThanMemoryShouldHold_AreNoSeekTable) {
  for (const std::uint32_t count : {0xFFFFFFFFU, 0x8000000U, 2'097'153U}) {
    ByteVector footer;
    append_le(footer, count);
    append_le(footer, std::uint8_t{0});
    append_le(footer, std::uint32_t{0x8F92EAB1});
    EXPECT_EQ(seek_table_bytes(footer), 0U);
  }
}

TEST(SeekTable, ShortInput_IsNoSeekTable) {
  EXPECT_EQ(seek_table_bytes({}), 0U);
  EXPECT_EQ(seek_table_bytes(ByteVector(8)), 0U);
}

}  // namespace
}  // namespace wobackup
