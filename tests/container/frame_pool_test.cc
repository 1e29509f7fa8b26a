#include "container/frame_pool.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

namespace wobackup {
namespace {

// Keeps what it is given, decompressed.
class Collector final : public FrameConsumer {
 public:
  FramePlace take(ByteSpan compressed, std::uint64_t plain_bytes) override {
    const FramePlace place{text.size()};
    std::string plain(plain_bytes, '\0');
    const std::size_t size = ZSTD_decompress(plain.data(), plain.size(), compressed.data(), compressed.size());
    EXPECT_EQ(size, plain_bytes);
    EXPECT_EQ(ZSTD_getFrameContentSize(compressed.data(), compressed.size()), plain_bytes);
    text += plain;
    return place;
  }
  std::string text;
};

class TextTask final : public FrameTask {
 public:
  TextTask(std::string text, std::vector<std::uint64_t>& places, int delay_ms = 0)
      : text_(std::move(text)), places_(places), delay_ms_(delay_ms) {}
  void fill(FrameBuffer& plain) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms_));
    plain.append(bytes_of(text_));
  }
  void placed(const FramePlace& place) override { places_.push_back(place.plain_offset); }

 private:
  std::string text_;
  std::vector<std::uint64_t>& places_;
  int delay_ms_;
};

class FailingTask final : public FrameTask {
 public:
  void fill(FrameBuffer&) override { throw Error(ErrorKind::no_space, "full"); }
  void placed(const FramePlace&) override { ADD_FAILURE() << "a failed frame was placed"; }
};

TEST(FramePool, FramesLeaveInTheOrderOfSubmission) {
  const Cancellation cancellation;
  Collector collector;
  std::vector<std::uint64_t> places, expected;
  std::string text;
  FramePool pool(4, 3, cancellation);
  FrameStream stream(pool, collector, 6);
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    const std::string part(random() % 3000 + 1, static_cast<char>('a' + i % 26));
    expected.push_back(text.size());
    text += part;
    stream.submit(std::make_unique<TextTask>(part, places, static_cast<int>(random() % 3)));
  }
  stream.finish();
  EXPECT_EQ(collector.text, text);
  EXPECT_EQ(places, expected);
}

TEST(FramePool, EmptyTask_WritesNoFrameButIsPlaced) {
  const Cancellation cancellation;
  Collector collector;
  std::vector<std::uint64_t> places;
  FramePool pool(1, 3, cancellation);
  FrameStream stream(pool, collector, 2);
  stream.submit(std::make_unique<TextTask>("", places));
  stream.finish();
  EXPECT_EQ(places.size(), 1U);
  EXPECT_TRUE(collector.text.empty());
}

TEST(FramePool, FirstError_ReachesTheSubmitter) {
  const Cancellation cancellation;
  Collector collector;
  std::vector<std::uint64_t> places;
  FramePool pool(2, 3, cancellation);
  FrameStream stream(pool, collector, 3);
  stream.submit(std::make_unique<FailingTask>());
  try {
    for (int i = 0; i < 1000; ++i) stream.submit(std::make_unique<TextTask>("x", places));
    stream.finish();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
  }
}

TEST(FramePool, ErrorOfOneStream_EndsTheOther) {
  const Cancellation cancellation;
  Collector one, two;
  std::vector<std::uint64_t> places;
  FramePool pool(2, 3, cancellation);
  FrameStream first(pool, one, 3), second(pool, two, 3);
  pool.fail(std::make_exception_ptr(Error(ErrorKind::dump, "gone")));
  EXPECT_THROW(first.submit(std::make_unique<TextTask>("x", places)), Error);
  EXPECT_THROW(second.finish(), Error);
}

TEST(FramePool, Cancelled_EndsWithInterrupted) {
  Cancellation cancellation;
  Collector collector;
  std::vector<std::uint64_t> places;
  FramePool pool(1, 3, cancellation);
  FrameStream stream(pool, collector, 1);
  std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    cancellation.cancel();
  });
  try {
    while (true) stream.submit(std::make_unique<TextTask>("x", places, 5));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
}

TEST(FramePool, IncompressibleBytesAtAHighLevel_ComeBackTheSame) {
  const Cancellation cancellation;
  Collector collector;
  std::vector<std::uint64_t> places;
  FramePool pool(2, 19, cancellation);
  FrameStream stream(pool, collector, 2);
  std::mt19937 random(1);
  std::string noise(300'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  stream.submit(std::make_unique<TextTask>(noise, places));
  stream.submit(std::make_unique<TextTask>(std::string(300'000, 'x'), places));
  stream.finish();
  EXPECT_EQ(collector.text, noise + std::string(300'000, 'x'));
}

}  // namespace
}  // namespace wobackup
