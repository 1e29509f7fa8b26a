// Reads what is left of an archive of this program whose end is missing or damaged (docs/restore.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "container/container_reader.h"
#include "container/member_sink.h"
#include "store/archive/member_reading.h"

namespace wobackup {

struct SalvageOptions {
  /// Which members to deliver; empty for all. Of one that the manifest does not tell of, there is what its header says,
  /// and an empty `database` if its place is that of a dump.
  std::function<bool(const ManifestEntry&)> wanted = {};
  /// Told of each member that is lost, as far as its name is known, and of each that was refused.
  std::function<void(const std::string& path, const std::string& why)> on_lost = {};
  std::function<void(const std::string& path, const std::string& what)> on_note = {};
};

struct SalvageSummary {
  std::uint64_t file_bytes = 0;
  std::uint64_t lost_bytes = 0;        ///< of the file: in no frame that could be used
  std::uint64_t compared_files = 0;    ///< delivered; their sha256 was compared
  std::uint64_t uncompared_files = 0;  ///< delivered; only their frames' checksums were
  bool tar_ended = false;              ///< the end of the tar was met, so nothing is missing behind
  bool list_found = false;             ///< there is something of a manifest
  bool list_whole = false;             ///< all of it: then `on_lost` has told of everything
  bool gave_up = false;                ///< the file is made so that looking through it would take for ever
};

/// Whether salvaging by this makes sense: the file begins with a frame of this program's, or has others that do as they
/// do, if the first one is damaged.
[[nodiscard]] bool can_be_salvaged(const RandomAccess& file, const Cancellation& cancellation);

/// Goes through the data frames from the first one on, by the seek table if `index` has it, else by what the frames say
/// of themselves, and through the tar in them. A member is delivered if all its frames are whole; what is left of the
/// manifest must not contradict it, if that is proven to be the one that was written. Behind a damaged frame it goes on
/// at the next frame that begins with a member of the same top folder. Members come in the order of the tar, each path
/// once; also hard links, whose first name was delivered before. Throws the sink's errors and Error interrupted. The
/// file is untrusted. Uses one thread, and holds 48 MiB and 16 bytes or so for each file.
SalvageSummary salvage_members(const RandomAccess& file, const ContainerReader* index, MemberSink& sink,
                               const SalvageOptions& options, ReadingCounters& counters,
                               const Cancellation& cancellation);

}  // namespace wobackup
