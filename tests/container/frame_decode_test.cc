#include "container/frame_decode.h"

#include <gtest/gtest.h>

#include "container/made_container.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::filler;
using test::refuses;
using test::zstd_frame;

auto decoding(const ByteVector& frame) {
  return [frame] { static_cast<void>(decode_frame(frame)); };
}

TEST(FrameDecode, Frame_DecodesToItsText) {
  EXPECT_EQ(text_of(decode_frame(zstd_frame(filler('x', 100'000)))), filler('x', 100'000));
  EXPECT_TRUE(decode_frame(zstd_frame("")).empty());
}

TEST(FrameDecode, Beginning_IsDecodedAlone) {
  const ByteVector frame = zstd_frame(filler('x', 3'000'000) + filler('y', 1'000'000));
  FrameScratch scratch;
  for (const std::size_t size : {std::size_t{1}, std::size_t{131'072}, std::size_t{3'000'001}}) {
    const std::string expected = (filler('x', 3'000'000) + filler('y', 1'000'000)).substr(0, size);
    EXPECT_EQ(text_of(decode_frame_beginning(frame, size, scratch)), expected) << size;
  }
  EXPECT_EQ(decode_frame_beginning(frame, 5'000'000, scratch).size(), 4'000'000U);
  EXPECT_EQ(text_of(decode_frame(zstd_frame("after a part"), scratch)), "after a part");
}

TEST(FrameDecode, BeginningOfADamagedFrame_IsRefusedWhereItCannotBeDecoded) {
  FrameScratch scratch;
  const ByteVector frame = zstd_frame(filler('x', 1'000'000));
  const auto cut = [&] {
    static_cast<void>(decode_frame_beginning(ByteSpan(frame).first(frame.size() / 2), 999, scratch));
  };
  EXPECT_TRUE(refuses(cut, "too early"));
  ByteVector no_frame = frame;
  no_frame[0] ^= std::byte{1};
  EXPECT_TRUE(refuses([&] { static_cast<void>(decode_frame_beginning(no_frame, 999, scratch)); }, "data frame"));
}

TEST(FrameDecode, ChangedByte_IsRefused) {
  const ByteVector frame = zstd_frame("the text of a frame, as any other text");
  for (std::size_t at = 0; at < frame.size(); ++at) {
    ByteVector changed = frame;
    changed[at] ^= std::byte{0x04};
    EXPECT_TRUE(refuses(decoding(changed))) << at;
  }
}

TEST(FrameDecode, TruncatedOrFollowedFrame_IsRefused) {
  const ByteVector frame = zstd_frame(filler('x'));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_TRUE(refuses(decoding({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}))) << size;
  }
  ByteVector two = frame;
  two.insert(two.end(), frame.begin(), frame.end());
  EXPECT_TRUE(refuses(decoding(two), "too early or too late"));
}

TEST(FrameDecode, FrameWithoutChecksum_IsRefused) {
  EXPECT_TRUE(refuses(decoding(zstd_frame(filler('x'), {.checksum = false})), "checksum"));
}

TEST(FrameDecode, FrameOfUnknownLength_IsRefused) {
  EXPECT_TRUE(refuses(decoding(zstd_frame(filler('x'), {.content_size = false})), "length"));
}

TEST(FrameDecode, FrameOver8MiB_IsRefusedBeforeItIsDecoded) {
  EXPECT_EQ(decode_frame(zstd_frame(filler('x', kLargestPlainBytes))).size(), kLargestPlainBytes);
  EXPECT_TRUE(refuses(decoding(zstd_frame(filler('x', kLargestPlainBytes + 1))), "8 MiB"));
}

TEST(FrameDecode, WindowOver8MiB_IsRefused) {
  const ByteVector frame = zstd_frame(filler('x'), {.content_size = false, .window_log = 24});
  EXPECT_TRUE(refuses(decoding(frame), "window"));
  EXPECT_EQ(frame_bytes_at(frame), 0U);
}

TEST(FrameDecode, SkippableFrame_IsNoDataFrame) {
  ByteVector frame;
  append_le(frame, std::uint32_t{0x184D2A5B});
  append_le(frame, std::uint32_t{0});
  EXPECT_TRUE(refuses(decoding(frame), "data frame"));
  EXPECT_EQ(frame_bytes_at(frame), 0U);
}

TEST(FrameDecode, LengthOfAFrame_IsFoundAmongOthers) {
  const ByteVector frame = zstd_frame(filler('x'));
  ByteVector more = frame;
  more.resize(more.size() + 100);
  EXPECT_EQ(frame_bytes_at(more), frame.size());
  EXPECT_EQ(frame_bytes_at(ByteSpan(frame).first(frame.size() - 1)), 0U);
  EXPECT_EQ(frame_bytes_at({}), 0U);
}

}  // namespace
}  // namespace wobackup
