#include "backend/rate_limited_backend.h"

#include <gtest/gtest.h>

#include "backend/conformance.h"
#include "fakes/fake_pause.h"
#include "fakes/memory_backend.h"

namespace wobackup::test {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kRate = 1'000'000;

class RateLimited : public ::testing::Test {
 protected:
  std::shared_ptr<RateLimit> limit() { return std::make_shared<RateLimit>(kRate, pause, cancellation); }

  FakePause pause;
  Cancellation cancellation;
  std::shared_ptr<MemoryObjects> objects = std::make_shared<MemoryObjects>();
};

TEST_F(RateLimited, WritingTakesItsTime) {
  RateLimitedBackend backend(std::make_unique<MemoryBackend>(objects), limit(), nullptr);
  ASSERT_TRUE(put(backend, "a", noise(5'000'000)));
  EXPECT_GE(pause.waited(), milliseconds(4'800));
  EXPECT_LE(pause.waited(), milliseconds(5'000));
  for (const milliseconds wait : pause.waits()) EXPECT_LE(wait, milliseconds(110));  // evenly
}

TEST_F(RateLimited, ReadingTakesItsTime_WritingIsFree) {
  RateLimitedBackend backend(std::make_unique<MemoryBackend>(objects), nullptr, limit());
  ASSERT_TRUE(put(backend, "a", noise(3'000'000)));
  EXPECT_EQ(pause.waited(), milliseconds(0));
  EXPECT_EQ(content_of(backend, "a").size(), 3'000'000U);
  EXPECT_GE(pause.waited(), milliseconds(1'900));
}

TEST_F(RateLimited, AllShareOneLimit) {
  const auto shared = limit();
  RateLimitedBackend one(std::make_unique<MemoryBackend>(objects), shared, nullptr);
  RateLimitedBackend two(std::make_unique<MemoryBackend>(objects), shared, nullptr);
  ASSERT_TRUE(put(one, "a", noise(2'000'000)));
  ASSERT_TRUE(put(two, "b", noise(2'000'000)));
  EXPECT_GE(pause.waited(), milliseconds(3'800));
}

class LimitedPlace final : public BackendPlace {
 public:
  std::unique_ptr<Backend> connect(const Cancellation& cancellation) override {
    const auto limit = std::make_shared<RateLimit>(kRate, pause_, cancellation);
    return std::make_unique<RateLimitedBackend>(std::make_unique<MemoryBackend>(objects_), limit, limit);
  }

 private:
  FakePause pause_;
  std::shared_ptr<MemoryObjects> objects_ = std::make_shared<MemoryObjects>();
};

INSTANTIATE_TEST_SUITE_P(RateLimited, BackendConformance,
                         ::testing::Values(PlaceKind{"memory_limited",
                                                     [] { return std::make_unique<LimitedPlace>(); }}),
                         name_of_kind);

}  // namespace
}  // namespace wobackup::test
