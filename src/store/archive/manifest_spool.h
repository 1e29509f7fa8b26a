// Collects the manifest while a backup is made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "container/manifest.h"
#include "crypto/throwaway_cipher.h"

namespace wobackup {

/// Takes the entries of the tree in order of path, and those of the late members (the dumps, known by name before, by
/// content only at the end) at any time, and puts them out as one sorted list. Entries are compressed as they come and
/// kept in an unnamed file, so that a million of them need no memory. Used from one thread at a time.
class ManifestSpool {
 public:
  /// `late_paths`: the paths that `add_late` will bring. `hidden`: what lies in the spool is enciphered.
  ManifestSpool(UniqueFd spool, std::vector<std::string> late_paths, bool hidden);

  /// REQUIRES: entries come in ascending order of path (bytewise).
  void add(const ManifestEntry& entry);
  void add_late(const ManifestEntry& entry);

  /// The payload: the header's frame, then the entries' frames. Call once all is added; `copy` may be called again.
  struct Payload {
    std::uint64_t bytes = 0;
    std::function<void(const std::function<void(ByteSpan)>& sink)> copy;
  };
  [[nodiscard]] Payload finish(const ManifestHeader& header);

 private:
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string late_path;  // what follows the range; empty for the last one
  };
  void flush();
  void cut_before(const std::string& path);

  UniqueFd spool_;
  std::optional<ThrowawayCipher> cipher_;
  std::uint64_t spooled_bytes_ = 0;
  std::string lines_;
  std::vector<std::string> late_paths_;  // sorted, those not passed yet
  std::vector<Range> ranges_;
  std::uint64_t range_begin_ = 0;
  std::map<std::string, std::string> late_lines_;
};

}  // namespace wobackup
