#include "snapshot/distribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace wobackup {

Error none_has_it(const std::vector<Delivery>& deliveries) {
  const Error& first = *deliveries.front().error;
  if (deliveries.size() == 1) return first;
  const bool all_alike = std::all_of(deliveries.begin(), deliveries.end(), [&first](const Delivery& delivery) {
    return delivery.error && delivery.error->kind() == first.kind();
  });
  return {all_alike ? first.kind() : ErrorKind::failed,
          fmt::format("none of {} stores takes the backup; the first says: {}", deliveries.size(), first.message()),
          first.hint()};
}

Distribution::Distribution(const std::vector<DistributionGroup>& groups, std::uint64_t size_hint_bytes,
                           unsigned sealing_threads, const Cancellation& run, std::function<void()> check)
    : check_(std::move(check)) {
  for (const DistributionGroup& group : groups) {
    Stream stream;
    // All groups together hold what one would.
    const std::size_t blocks = std::max<std::size_t>(FanOut::kBlocks / groups.size(), 2);
    stream.fan_out = std::make_unique<FanOut>(group.places, group.file_name, size_hint_bytes, run, blocks);
    if (!group.recipients.empty()) {
      stream.sealing =
          std::make_unique<AgeWriter>(*stream.fan_out, group.recipients, groups.size() == 1 ? sealing_threads : 0);
    }
    streams_.push_back(std::move(stream));
  }
}

void Distribution::require_one() const {
  std::vector<Delivery> all;
  for (const Stream& stream : streams_) {
    if (stream.fan_out->alive()) return;
    const std::vector<Delivery> some = stream.fan_out->deliveries();
    all.insert(all.end(), some.begin(), some.end());
  }
  throw Error(none_has_it(all));
}

void Distribution::write(ByteSpan bytes) {
  check_();
  require_one();
  for (const Stream& stream : streams_) {
    if (!stream.fan_out->alive()) continue;
    (stream.sealing ? static_cast<ByteOutput&>(*stream.sealing) : *stream.fan_out).write(bytes);
  }
}

void Distribution::finish() {
  for (const Stream& stream : streams_) {
    if (stream.sealing) stream.sealing->finish();
    stream.fan_out->finish();
  }
  check_();
  require_one();
}

void Distribution::publish(const std::function<void(std::size_t, std::size_t)>& before) {
  // Side by side: a slow store's end must not keep another's from being seen.
  std::vector<std::jthread> threads;
  for (std::size_t group = 0; group < streams_.size(); ++group) {
    threads.emplace_back([this, &before, group] {
      streams_[group].fan_out->publish([&before, group](std::size_t place) { before(group, place); });
    });
  }
}

std::uint64_t Distribution::written_bytes() const noexcept { return streams_.front().fan_out->written_bytes(); }

}  // namespace wobackup
