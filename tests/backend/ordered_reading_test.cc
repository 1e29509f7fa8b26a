#include "backend/ordered_reading.h"

#include <gtest/gtest.h>

#include <atomic>

#include "backend/conformance.h"
#include "backend/read_ahead.h"
#include "fakes/memory_file.h"
#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

// Fails, or says less than it has, from some offset on.
class BadFile final : public RandomAccess {
 public:
  explicit BadFile(std::uint64_t bad_from, bool short_read) : bad_from_(bad_from), short_read_(short_read) {}
  [[nodiscard]] std::uint64_t size() const override { return 10'000'000; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    if (offset + buffer.size() <= bad_from_) return buffer.size();
    if (short_read_) return 0;
    throw Error(ErrorKind::failed, "a bad sector");
  }

 private:
  std::uint64_t bad_from_;
  bool short_read_;
  std::string name_ = "bad file";
};

TEST(OrderedReading, BytesComeInOrder_WithAnyNumberOfThreadsAndAnySizeOfPieces) {
  const ByteVector bytes = noise(1'000'003);
  const MemoryFile file(bytes);
  for (const unsigned parallel : {1U, 2U, 7U}) {
    for (const std::size_t piece : {std::size_t{1'000}, std::size_t{333'333}, std::size_t{5'000'000}}) {
      ByteVector read;
      read_in_order(file, 3, bytes.size() - 1, {parallel, piece},
                    [&](ByteSpan part) { read.insert(read.end(), part.begin(), part.end()); });
      EXPECT_TRUE(std::equal(read.begin(), read.end(), bytes.begin() + 3, bytes.end() - 1)) << parallel << " " << piece;
    }
  }
}

TEST(OrderedReading, EmptyRangeReadsNothing_AndALongerOneIsRefused) {
  const MemoryFile file(noise(10));
  read_in_order(file, 10, 10, {}, [](ByteSpan) { FAIL(); });
  EXPECT_TRUE(file.reads().empty());
  EXPECT_TRUE(refuses([&] { read_in_order(file, 0, 11, {}, [](ByteSpan) {}); }, "ends too early"));
}

TEST(OrderedReading, FailureEndsIt_AfterWhatCameBefore) {
  std::uint64_t got = 0;
  const auto count = [&](ByteSpan part) { got += part.size(); };
  EXPECT_EQ(refusal(
                [&] {
                  read_in_order(BadFile(5'000'000, false), 0, 10'000'000, {3, 100'000}, count);
                },
                ErrorKind::failed),
            "a bad sector");
  EXPECT_LE(got, 5'000'000U);
  EXPECT_TRUE(refuses([&] { read_in_order(BadFile(5'000'000, true), 0, 10'000'000, {3, 100'000}, count); }));
}

TEST(OrderedReading, ReceiversFailureEndsIt) {
  const MemoryFile file(noise(1'000'000));
  EXPECT_EQ(
      refusal(
          [&] {
            read_in_order(file, 0, 1'000'000, {4, 10'000}, [](ByteSpan) { throw Error(ErrorKind::no_space, "full"); });
          },
          ErrorKind::no_space),
      "full");
  EXPECT_LE(file.reads().size(), 10U);  // nobody reads on
}

TEST(OrderedReading, NotMoreIsReadAheadThanAllowed) {
  const MemoryFile file(noise(1'000'000));
  std::size_t delivered = 0;
  read_in_order(file, 0, 1'000'000, {3, 10'000}, [&](ByteSpan) {
    // The count is only an upper bound while others read, which is what is wanted.
    EXPECT_LE(file.reads().size(), delivered + 4);
    ++delivered;
  });
}

TEST(ReadAhead, SmallReadsSideBySideAreOne) {
  const ByteVector bytes = noise(2'000'000);
  auto file = std::make_unique<MemoryFile>(bytes);
  const MemoryFile& seen = *file;
  const ReadAhead ahead(std::move(file));
  ByteVector part(1'000);
  for (std::size_t offset = 500'000; offset < 600'000; offset += 1'000) {
    ASSERT_EQ(ahead.read(offset, part), part.size());
    ASSERT_TRUE(std::equal(part.begin(), part.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  EXPECT_EQ(seen.reads().size(), 1U);
  // At the end, it looks backwards.
  for (std::size_t back = 1'000; back < 100'000; back += 1'000)
    ASSERT_EQ(ahead.read(bytes.size() - back, part), 1'000U);
  EXPECT_EQ(seen.reads().size(), 2U);
  ByteVector large(300'000);
  ASSERT_EQ(ahead.read(500'000, large), large.size());
  EXPECT_EQ(seen.reads().back().bytes, large.size());
}

}  // namespace
}  // namespace wobackup::test
