#include "backend/s3/part_plan.h"

#include <gtest/gtest.h>

#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kGiB = kMiB << 10U;

std::uint64_t room_of(const PartPlan& plan) {
  std::uint64_t bytes = 0;
  for (unsigned number = 1; number <= PartPlan::kMostParts; ++number) bytes += plan.part_bytes(number);
  return bytes;
}

TEST(PartPlan, PartsAreOfOneSize_ForAllObjectsWithAGoodHint) {
  for (const std::uint64_t size : {std::uint64_t{1}, kGiB, 50 * kGiB, 71 * kGiB, 1000 * kGiB, 5000 * kGiB}) {
    const PartPlan plan(size, 8 * kMiB);
    const std::uint64_t part = plan.part_bytes(1);
    const auto parts = static_cast<unsigned>((size + part - 1) / part);
    EXPECT_LE(parts, PartPlan::kMostParts);
    EXPECT_EQ(plan.part_bytes(parts), part) << size;
    EXPECT_GE(part, 8 * kMiB);
  }
}

TEST(PartPlan, WithoutAHint_SeventyGigabytesAreOfOneSize_AndMoreStillFits) {
  const PartPlan plan(std::nullopt, 8 * kMiB);
  EXPECT_EQ(plan.part_bytes(1), 8 * kMiB);
  EXPECT_EQ(plan.part_bytes(9'000), 8 * kMiB);
  EXPECT_GE(room_of(plan), 110 * kGiB);
}

TEST(PartPlan, TooSmallAHintIsSurvived) {
  const PartPlan plan(600 * kGiB, 8 * kMiB);
  EXPECT_GE(room_of(plan), 660 * kGiB);
}

TEST(PartPlan, PartsKeepToTheLimitsOfS3) {
  for (const std::uint64_t hint : {std::uint64_t{0}, 100 * kGiB, std::uint64_t{1} << 60U}) {
    for (const std::uint64_t least : {std::uint64_t{1}, 8 * kMiB, 100 * kGiB}) {
      const PartPlan plan(hint, least);
      for (const unsigned number : {1U, 9'000U, 9'001U, 10'000U}) {
        EXPECT_GE(plan.part_bytes(number), PartPlan::kLeastPartBytes);
        EXPECT_LE(plan.part_bytes(number), PartPlan::kMostPartBytes);
      }
    }
  }
  EXPECT_NE(refusal([] { static_cast<void>(PartPlan({}, 0).part_bytes(10'001)); }, ErrorKind::failed), "");
}

}  // namespace
}  // namespace wobackup::test
