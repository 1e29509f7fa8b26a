#include "container/compressed_lines.h"

#include <gtest/gtest.h>

#include "container/made_container.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::refuses;
using test::zstd_frame;

// Feeds in pieces of this size; returns the lines.
std::vector<std::string> lines_of(const ByteVector& bytes, std::size_t piece_bytes, CompressedLines& lines) {
  std::vector<std::string> found;
  for (ByteSpan rest = bytes; !rest.empty();) {
    const std::size_t size = std::min(piece_bytes, rest.size());
    lines.feed(rest.first(size), [&](std::string_view line) {
      found.emplace_back(line);
      return true;
    });
    rest = rest.subspan(size);
  }
  return found;
}

ByteVector joined(const std::vector<std::string>& texts) {
  ByteVector bytes;
  for (const std::string& text : texts) {
    const ByteVector frame = zstd_frame(text);
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  return bytes;
}

TEST(CompressedLines, PiecesOfAnySize_GiveTheSameLines) {
  const ByteVector bytes = joined({"one\ntwo\n\nth", "ree\n", "", "four\n"});
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    CompressedLines lines(100, "x");
    EXPECT_EQ(lines_of(bytes, piece, lines), (std::vector<std::string>{"one", "two", "", "three", "four"}));
    EXPECT_TRUE(lines.at_end());
  }
}

// The end of a frame that fills the decompressor's output exactly must not look like the beginning of another one.
TEST(CompressedLines, FramesAsLongAsTheBuffer_EndWhereTheyEnd) {
  for (const std::size_t size : {ZSTD_DStreamOutSize() - 1, ZSTD_DStreamOutSize(), 2 * ZSTD_DStreamOutSize()}) {
    std::string text(size, 'x');
    text.back() = '\n';
    CompressedLines lines(size, "x");
    EXPECT_EQ(lines_of(zstd_frame(text), size, lines).size(), 1U);
    EXPECT_TRUE(lines.at_end()) << size;
  }
}

TEST(CompressedLines, MissingEnd_IsNoticed) {
  const ByteVector bytes = joined({"one\ntwo\n"});
  CompressedLines cut(100, "x");
  static_cast<void>(lines_of({bytes.begin(), bytes.end() - 1}, 100, cut));
  EXPECT_FALSE(cut.at_end());
  CompressedLines half(100, "x");
  static_cast<void>(lines_of(joined({"one\ntw"}), 100, half));
  EXPECT_FALSE(half.at_end());
}

TEST(CompressedLines, TooLongLine_IsRefused) {
  CompressedLines lines(1000, "the list");
  EXPECT_EQ(lines_of(joined({std::string(1000, 'x') + "\n"}), 1 << 20, lines).size(), 1U);
  // 64 MiB of a single line in a few kilobytes.
  const ByteVector bomb = zstd_frame(std::string(std::size_t{1} << 26U, 'x'));
  ASSERT_LT(bomb.size(), 10'000U);
  EXPECT_TRUE(refuses([&] { static_cast<void>(lines_of(bomb, 1 << 20, lines)); }, "the list is damaged"));
}

TEST(CompressedLines, WindowOver8MiB_IsRefused) {
  const ByteVector frame = zstd_frame("x\n", {.content_size = false, .window_log = 24});
  CompressedLines lines(100, "x");
  EXPECT_TRUE(refuses([&] { static_cast<void>(lines_of(frame, 100, lines)); }));
}

TEST(CompressedLines, WhatIsNotZstd_IsRefused) {
  const std::string text = "plain text, not zstd";
  CompressedLines lines(100, "x");
  EXPECT_TRUE(refuses([&] { lines.feed(bytes_of(text), [](std::string_view) { return true; }); }));
}

TEST(CompressedLines, VisitorThatHasEnough_SeesNoMore) {
  CompressedLines lines(100, "x");
  int seen = 0;
  lines.feed(joined({"one\ntwo\n", "three\n"}), [&](std::string_view) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace wobackup
