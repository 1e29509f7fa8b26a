// Repeating what failed: how often, how patiently, and what is not repeated.
#include "backend/retry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "backend/conformance.h"
#include "backend/retrying_backend.h"
#include "fakes/fake_pause.h"
#include "fakes/fault_backend.h"
#include "fakes/memory_backend.h"
#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

using std::chrono::milliseconds;

Error passing() { return {ErrorKind::failed, "the line is bad", "", true}; }

class RetryTest : public ::testing::Test {
 protected:
  Retry retry(RetryPolicy policy = {}) { return {std::move(policy), pause, cancellation}; }

  FakePause pause;
  Cancellation cancellation;
};

TEST_F(RetryTest, WaitsLongerAndLonger_ByChanceALittleLess) {
  int calls = 0;
  RetryPolicy policy;
  policy.attempts = 6;
  policy.first_wait = milliseconds(1000);
  policy.longest_wait = milliseconds(5000);
  EXPECT_EQ(refusal(
                [&] {
                  retry(policy)([&] {
                    ++calls;
                    throw passing();
                  });
                },
                ErrorKind::failed),
            "the line is bad");
  EXPECT_EQ(calls, 6);
  const std::vector<milliseconds> waits = pause.waits();
  const std::vector<milliseconds> longest{milliseconds(1000), milliseconds(2000), milliseconds(4000),
                                          milliseconds(5000), milliseconds(5000)};
  ASSERT_EQ(waits.size(), longest.size());
  for (std::size_t i = 0; i < waits.size(); ++i) {
    EXPECT_LE(waits[i], longest[i]);
    EXPECT_GE(waits[i], longest[i] / 2);
  }
}

TEST_F(RetryTest, LastErrorIsNotRetryableAnyMore) {
  try {
    retry({.attempts = 2, .on_wait = {}})([] { throw passing(); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_FALSE(error.retryable());
  }
}

TEST_F(RetryTest, OtherErrorsAreNotRepeated) {
  int calls = 0;
  EXPECT_EQ(refusal(
                [&] {
                  retry()([&] {
                    ++calls;
                    throw Error(ErrorKind::not_found, "no such thing");
                  });
                },
                ErrorKind::not_found),
            "no such thing");
  EXPECT_EQ(calls, 1);
}

TEST_F(RetryTest, ItTellsWhatItWaitsFor) {
  std::vector<std::string> told;
  RetryPolicy policy;
  policy.on_wait = [&](const Error& error, milliseconds) { told.push_back(error.message()); };
  int calls = 0;
  EXPECT_EQ(retry(policy)([&] {
              if (++calls < 3) throw passing();
              return calls;
            }),
            3);
  EXPECT_EQ(told, (std::vector<std::string>{"the line is bad", "the line is bad"}));
}

TEST_F(RetryTest, CancellationEndsARealWait) {
  SystemPause real;
  const Retry patient(
      {.attempts = 100, .first_wait = std::chrono::hours(1), .longest_wait = std::chrono::hours(1), .on_wait = {}},
      real, cancellation);
  const std::jthread canceller([this] { cancellation.cancel(); });
  EXPECT_EQ(refusal([&] { patient([] { throw passing(); }); }, ErrorKind::interrupted), "interrupted");
}

// Each call fails twice before it works.
std::unique_ptr<Backend> flaky(std::shared_ptr<MemoryObjects> objects) {
  auto failures = std::make_shared<std::map<std::string, int>>();
  auto mutex = std::make_shared<std::mutex>();
  return std::make_unique<FaultBackend>(std::make_unique<MemoryBackend>(std::move(objects)),
                                        [failures, mutex](const std::string& call, const std::string& key) {
                                          if (call == "write" || call == "commit") return;
                                          const std::scoped_lock lock(*mutex);
                                          int& count = (*failures)[call + " " + key];
                                          if (count < 2) {
                                            ++count;
                                            throw passing();
                                          }
                                          count = 0;
                                        });
}

TEST_F(RetryTest, ListingGoesOnWhereItBrokeOff) {
  auto objects = std::make_shared<MemoryObjects>();
  MemoryBackend direct(objects);
  for (int i = 0; i < 10; ++i) put(direct, "k" + std::to_string(i), {});
  RetryingBackend backend(flaky(objects), retry({.attempts = 10, .on_wait = {}}));
  const std::vector<std::string> keys = keys_of(backend);
  EXPECT_EQ(keys, keys_of(direct));
}

TEST_F(RetryTest, VisitorsErrorIsNotTheBackends) {
  auto objects = std::make_shared<MemoryObjects>();
  MemoryBackend direct(objects);
  put(direct, "a", {});
  RetryingBackend backend(std::make_unique<MemoryBackend>(objects), retry());
  int calls = 0;
  EXPECT_THROW(backend.list("", "",
                            [&](const ObjectInfo&) -> bool {
                              ++calls;
                              throw passing();
                            }),
               Error);
  EXPECT_EQ(calls, 1);
}

TEST_F(RetryTest, UploadsAreNotRepeatedFromOutside) {
  int writes = 0;
  RetryingBackend backend(std::make_unique<FaultBackend>(std::make_unique<MemoryBackend>(),
                                                         [&](const std::string& call, const std::string&) {
                                                           if (call != "write") return;
                                                           ++writes;
                                                           throw passing();
                                                         }),
                          retry());
  const auto upload = backend.put("a", {});
  EXPECT_NE(refusal([&] { upload->write(noise(10)); }, ErrorKind::failed), "");
  EXPECT_EQ(writes, 1);
}

// The wrapper, and what it is wrapped around, pass the suite of all backends.
class FlakyPlace final : public BackendPlace {
 public:
  std::unique_ptr<Backend> connect(const Cancellation& cancellation) override {
    return std::make_unique<RetryingBackend>(flaky(objects_),
                                             Retry({.attempts = 10, .on_wait = {}}, pause_, cancellation));
  }

 private:
  FakePause pause_;
  std::shared_ptr<MemoryObjects> objects_ = std::make_shared<MemoryObjects>();
};

class MemoryPlace final : public BackendPlace {
 public:
  std::unique_ptr<Backend> connect(const Cancellation&) override { return std::make_unique<MemoryBackend>(objects_); }

 private:
  std::shared_ptr<MemoryObjects> objects_ = std::make_shared<MemoryObjects>();
};

INSTANTIATE_TEST_SUITE_P(Memory, BackendConformance,
                         ::testing::Values(PlaceKind{"memory", [] { return std::make_unique<MemoryPlace>(); }},
                                           PlaceKind{"memory_flaky", [] { return std::make_unique<FlakyPlace>(); }}),
                         name_of_kind);

}  // namespace
}  // namespace wobackup::test
