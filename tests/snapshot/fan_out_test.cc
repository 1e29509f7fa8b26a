// One stream to several places, which are fast, slow, failing, or stand still.
#include "snapshot/fan_out.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "fakes/few_threads.h"
#include "snapshot/distribution.h"

namespace wobackup {
namespace {

constexpr std::chrono::hours kPatient{1};

// Keeps what it gets; fails where it is told to. `hold`: stands still before each write until released or cancelled.
class FakeDestination final : public Destination {
 public:
  enum class Fails { never, begin, write, publish, taken };
  explicit FakeDestination(Fails fails = Fails::never, bool hold = false) : fails_(fails), held_(hold) {}

  [[nodiscard]] std::filesystem::path address_of(const std::string& file_name) const override {
    return "/fake/" + file_name;
  }
  void begin(const std::string&, std::uint64_t) override { fail_at(Fails::begin); }
  void write(ByteSpan bytes) override {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [this] { return !held_ || cancelled_; });
    if (cancelled_) throw Error(ErrorKind::interrupted, "interrupted");
    if (bytes_.size() >= 2 * FanOut::kBlockBytes) fail_at(Fails::write);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  [[nodiscard]] bool publish() override {
    fail_at(Fails::publish);
    published_ = fails_ != Fails::taken;
    return published_;
  }
  void give_up() noexcept override { ended_ = true; }
  void cancel() noexcept override {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    released_.notify_all();
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    released_.notify_all();
  }

  ByteVector bytes_;
  bool published_ = false, ended_ = false;

 private:
  void fail_at(Fails step) const {
    if (fails_ == step) throw Error(ErrorKind::no_space, "full");
  }

  const Fails fails_;
  std::mutex mutex_;
  std::condition_variable released_;
  bool held_;
  bool cancelled_ = false;
};

using Fails = FakeDestination::Fails;

ByteVector made(std::size_t count) {
  ByteVector bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 2654435761U >> 13U);
  return bytes;
}

// In pieces of odd lengths.
void write_all_of(FanOut& fan_out, ByteSpan bytes) {
  for (std::size_t at = 0, length = 1; at < bytes.size(); at += length, length = length * 3 + 1) {
    length = std::min({length, bytes.size() - at, std::size_t{700'001}});
    fan_out.write(bytes.subspan(at, length));
  }
}

TEST(FanOut, AllGetAllBytes_AndArePublishedOnlyWhenToldSo) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, FanOut::kBlockBytes, 20 * FanOut::kBlockBytes + 7}) {
    FakeDestination one, two;
    const Cancellation run;
    FanOut fan_out({{one, kPatient}, {two, kPatient}}, "x", 0, run);
    const ByteVector bytes = made(length);
    write_all_of(fan_out, bytes);
    fan_out.finish();
    EXPECT_FALSE(one.published_ || two.published_);
    EXPECT_EQ(fan_out.sha256(), sha256(bytes));
    EXPECT_EQ(fan_out.written_bytes(), length);
    fan_out.publish([](std::size_t) {});
    for (const FakeDestination* each : {&one, &two}) {
      EXPECT_TRUE(each->bytes_ == bytes) << length;
      EXPECT_TRUE(each->published_ && each->ended_);
    }
    for (const Delivery& delivery : fan_out.deliveries()) EXPECT_TRUE(delivery.published && !delivery.error);
  }
}

TEST(FanOut, WhereverOneFails_TheOthersHaveIt) {
  for (const Fails fails : {Fails::begin, Fails::write, Fails::publish, Fails::taken}) {
    FakeDestination bad(fails), good;
    const Cancellation run;
    FanOut fan_out({{bad, kPatient}, {good, kPatient}}, "x", 0, run);
    const ByteVector bytes = made(30 * FanOut::kBlockBytes);
    write_all_of(fan_out, bytes);
    fan_out.finish();
    EXPECT_TRUE(fan_out.alive());
    fan_out.publish([](std::size_t) {});
    const std::vector<Delivery> deliveries = fan_out.deliveries();
    ASSERT_TRUE(deliveries[0].error);
    EXPECT_FALSE(deliveries[0].published);
    EXPECT_TRUE(bad.ended_);
    EXPECT_TRUE(deliveries[1].published);
    EXPECT_TRUE(good.bytes_ == bytes);
  }
}

TEST(FanOut, WhoStandsStill_IsLeftBehind_AndWhoHasNothingToTakeIsNot) {
  FakeDestination still(Fails::never, true), good;
  const Cancellation run;
  // The second one waits for longer than its own time, for the first.
  FanOut fan_out({{still, std::chrono::milliseconds(2500)}, {good, std::chrono::milliseconds(2000)}}, "x", 0, run);
  const ByteVector bytes = made(30 * FanOut::kBlockBytes);
  write_all_of(fan_out, bytes);
  fan_out.finish();
  fan_out.publish([](std::size_t) {});
  EXPECT_TRUE(fan_out.deliveries()[0].error);
  EXPECT_TRUE(still.ended_);
  EXPECT_FALSE(fan_out.deliveries()[1].error);
  EXPECT_TRUE(good.bytes_ == bytes);
}

TEST(FanOut, ASlowOne_HoldsUpTheOthers_ByABound) {
  FakeDestination slow(Fails::never, true), fast;
  const Cancellation run;
  FanOut fan_out({{slow, kPatient}, {fast, kPatient}}, "x", 0, run);
  const ByteVector bytes = made(30 * FanOut::kBlockBytes);
  std::atomic<bool> all_written{false};
  std::jthread writer([&] {
    write_all_of(fan_out, bytes);
    all_written = true;
    fan_out.finish();
    fan_out.publish([](std::size_t) {});
  });
  while (fan_out.written_bytes() < FanOut::kBlocks * FanOut::kBlockBytes) std::this_thread::yield();
  EXPECT_FALSE(all_written);
  slow.release();
  writer.join();
  EXPECT_TRUE(slow.bytes_ == bytes);
  EXPECT_TRUE(fast.bytes_ == bytes);
  EXPECT_TRUE(slow.published_ && fast.published_);
}

TEST(FanOut, OneThatDoesNotAnswer_KeepsNoOtherFromBeingSeen) {
  FakeDestination silent(Fails::never, true), good;
  const Cancellation run;
  FanOut fan_out({{silent, kPatient}, {good, kPatient}}, "x", 0, run);
  const ByteVector bytes = made(3 * FanOut::kBlockBytes);
  write_all_of(fan_out, bytes);
  fan_out.finish();
  std::atomic<unsigned> seen{0};
  std::vector<std::size_t> order;
  std::mutex mutex;
  std::jthread publishing([&] {
    fan_out.publish([&](std::size_t place) {
      const std::scoped_lock lock(mutex);
      order.push_back(place);
      ++seen;
    });
  });
  while (seen == 0) std::this_thread::yield();
  silent.release();
  publishing.join();
  EXPECT_EQ(order, (std::vector<std::size_t>{1, 0}));
  EXPECT_TRUE(silent.published_ && good.published_);
  EXPECT_TRUE(silent.bytes_ == bytes);
}

TEST(FanOut, InterruptedWhileOneIsWaitedFor_TheOthersHaveIt) {
  FakeDestination silent(Fails::never, true), good;
  Cancellation run;
  FanOut fan_out({{silent, kPatient}, {good, kPatient}}, "x", 0, run);
  fan_out.write(made(10));
  fan_out.finish();
  std::atomic<bool> seen{false};
  std::jthread publishing([&] { fan_out.publish([&](std::size_t) { seen = true; }); });
  while (!seen) std::this_thread::yield();
  run.cancel();
  publishing.join();
  EXPECT_TRUE(good.published_);
  EXPECT_FALSE(silent.published_);
  ASSERT_TRUE(fan_out.deliveries()[0].error);
  EXPECT_EQ(fan_out.deliveries()[0].error->kind(), ErrorKind::interrupted);
}

TEST(FanOut, WhatCannotBeRecorded_IsNotPublished) {
  FakeDestination one, two;
  const Cancellation run;
  FanOut fan_out({{one, kPatient}, {two, kPatient}}, "x", 0, run);
  fan_out.write(made(10));
  fan_out.finish();
  fan_out.publish([](std::size_t place) {
    if (place == 0) throw Error(ErrorKind::no_space, "full");
  });
  EXPECT_FALSE(one.published_);
  EXPECT_TRUE(two.published_);
  EXPECT_EQ(fan_out.deliveries()[0].error->kind(), ErrorKind::no_space);
}

TEST(FanOut, GivenUp_PublishesNothing) {
  FakeDestination one, still(Fails::never, true);
  const Cancellation run;
  {
    FanOut fan_out({{one, kPatient}, {still, kPatient}}, "x", 0, run);
    fan_out.write(made(3 * FanOut::kBlockBytes));
  }
  EXPECT_TRUE(one.ended_ && still.ended_);
  EXPECT_FALSE(one.published_ || still.published_);
}

TEST(FanOut, MachineWithoutAThreadForTheLast_GivesUpAtTheFirst) {
  FakeDestination one, two, three;
  const Cancellation run;
  const test::FewThreads two_more(2);
  EXPECT_THROW(FanOut({{one, kPatient}, {two, kPatient}, {three, kPatient}}, "x", 0, run), std::system_error);
  EXPECT_TRUE(one.ended_ && two.ended_);
  EXPECT_FALSE(three.ended_);
}

TEST(FanOut, CancelledRun_EndsTheWaiting) {
  FakeDestination still(Fails::never, true);
  Cancellation run;
  FanOut fan_out({{still, kPatient}}, "x", 0, run);
  const std::jthread canceller([&run] { run.cancel(); });
  EXPECT_THROW(fan_out.write(made(20 * FanOut::kBlockBytes)), Error);
}

TEST(Distribution, EndsWhenNobodyIsLeft) {
  FakeDestination one(Fails::write), two(Fails::begin);
  const Cancellation run;
  Distribution distribution({{{{one, kPatient}}, {}, "x"}, {{{two, kPatient}}, {}, "y"}}, 0, 0, run, [] {});
  const ByteVector bytes = made(FanOut::kBlockBytes);
  try {
    for (int i = 0; i < 100; ++i) distribution.write(bytes);
    FAIL() << "nobody took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_NE(error.message().find("none of 2 stores"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace wobackup
