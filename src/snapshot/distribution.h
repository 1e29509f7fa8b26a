// One archive to several stores, encrypted for each as it wants it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "age/age_writer.h"
#include "base/byte_output.h"
#include "base/cancellation.h"
#include "snapshot/fan_out.h"

namespace wobackup {

/// Stores that get the same bytes.
struct DistributionGroup {
  std::vector<FanOutPlace> places;
  std::span<const std::unique_ptr<const Recipient>> recipients;  ///< none: not encrypted
  std::string file_name;
};

/// What is written was compressed once; each group's stream is encrypted on its own, by the writing thread or, if there
/// is only one, by `sealing_threads`. Used from one thread at a time; what it refers to outlives it.
class Distribution final : public ByteOutput {
 public:
  /// `check` is called before each write, and may throw.
  Distribution(const std::vector<DistributionGroup>& groups, std::uint64_t size_hint_bytes, unsigned sealing_threads,
               const Cancellation& run, std::function<void()> check);

  /// Throws the stores' Error once none of them is left, interrupted, and what `check` throws.
  void write(ByteSpan bytes) override;
  /// That was all. Throws as `write`.
  void finish();
  /// REQUIRES: finish. Each store publishes once it has everything; `before` is called just before, with its group and
  /// its place there, from several threads. Returns when each store is done.
  void publish(const std::function<void(std::size_t, std::size_t)>& before);

  /// By group.
  [[nodiscard]] const FanOut& fan_out(std::size_t group) const { return *streams_.at(group).fan_out; }
  [[nodiscard]] std::uint64_t written_bytes() const noexcept;  ///< to the first group's; from any thread

 private:
  struct Stream {
    std::unique_ptr<FanOut> fan_out;
    std::unique_ptr<AgeWriter> sealing;  // before the other, if encrypted
  };

  void require_one() const;

  const std::function<void()> check_;
  std::vector<Stream> streams_;
};

/// Why no store has it: the first one's error, or what all of them have in common.
[[nodiscard]] Error none_has_it(const std::vector<Delivery>& deliveries);

}  // namespace wobackup
