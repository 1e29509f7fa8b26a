#include "backend/s3/part_plan.h"

#include <algorithm>

#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr unsigned kUniformParts = 9'000;
constexpr unsigned kPartsBetweenDoublings = 250;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
// Memory holds at least one part.
constexpr std::uint64_t kLargestGrownBytes = 64 * kMiB;

}  // namespace

PartPlan::PartPlan(std::optional<std::uint64_t> size_hint_bytes, std::uint64_t least_part_bytes)
    : uniform_bytes_(std::clamp(least_part_bytes, kLeastPartBytes, kMostPartBytes)) {
  if (!size_hint_bytes) return;
  const std::uint64_t needed = (*size_hint_bytes / kUniformParts / kMiB + 1) * kMiB;
  uniform_bytes_ = std::clamp(needed, uniform_bytes_, kMostPartBytes);
}

std::uint64_t PartPlan::part_bytes(unsigned number) const {
  if (number > kMostParts) {
    throw Error(ErrorKind::failed, "the object is larger than 10,000 parts, which is all that S3 takes",
                "set a larger part_size for this store");
  }
  if (number <= kUniformParts) return uniform_bytes_;
  const unsigned doublings = (number - kUniformParts - 1) / kPartsBetweenDoublings + 1;
  return std::max(uniform_bytes_, std::min(uniform_bytes_ << doublings, kLargestGrownBytes));
}

}  // namespace wobackup
