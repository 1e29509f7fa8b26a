// Reads the members of an indexed archive by several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/cancellation.h"
#include "container/container_reader.h"
#include "container/member_sink.h"

namespace wobackup {

/// Something that is not what it should be. Of a frame: the members that lie in it follow, one by one.
struct Damage {
  std::optional<std::size_t> frame;
  std::string path;  ///< of the member that is lost; empty for a frame
  std::string why;
};

struct ReadingOptions {
  unsigned threads = 2;
  /// Which members to read; empty for all. Called by one thread.
  std::function<bool(const ManifestEntry&)> wanted = {};
  /// Which frames to read; empty for all that are needed. A member that lies partly in others is only decoded.
  std::function<bool(std::size_t frame)> frame_wanted = {};
  /// Also proves what belongs to no member: the top folder's header, and the end.
  bool ends_too = false;
  /// Called for each damage, by one thread at a time; reading goes on. Without it the first damage is thrown.
  std::function<void(const Damage&)> on_damage = {};
};

/// Counts as it goes. Read from any thread.
struct ReadingCounters {
  std::atomic<std::uint64_t> members{0};
  std::atomic<std::uint64_t> files{0};
  std::atomic<std::uint64_t> frames{0};
  std::atomic<std::uint64_t> plain_bytes{0};  ///< decoded
};

/// Every member that is wanted has its header compared with the manifest and its sha256 compared before it counts as
/// delivered. Throws the sink's errors, Error verification, and Error interrupted. Holds about 16 MiB for each thread.
void read_members(const ContainerReader& container, MemberSink& sink, const ReadingOptions& options,
                  ReadingCounters& counters, const Cancellation& cancellation);

}  // namespace wobackup
