// How an object of unknown length is cut into parts.
#pragma once

#include <cstdint>
#include <optional>

namespace wobackup {

/// S3 takes at most 10,000 parts, of 5 MiB to 5 GiB each but the last. Some servers (R2) want all of them to be of one
/// size but the last. So they are, for objects of up to 9,000 times the first part's size: 70 GiB without a hint, any
/// size with a good one. A longer object, whose hint was too small, gets larger parts at its end rather than failing:
/// 110 GiB without a hint.
class PartPlan {
 public:
  static constexpr unsigned kMostParts = 10'000;
  static constexpr std::uint64_t kLeastPartBytes = std::uint64_t{5} << 20U;
  static constexpr std::uint64_t kMostPartBytes = std::uint64_t{5} << 30U;

  PartPlan(std::optional<std::uint64_t> size_hint_bytes, std::uint64_t least_part_bytes);

  /// Of the part with this number, from 1. Throws Error failed beyond 10,000.
  [[nodiscard]] std::uint64_t part_bytes(unsigned number) const;

 private:
  std::uint64_t uniform_bytes_;
};

}  // namespace wobackup
