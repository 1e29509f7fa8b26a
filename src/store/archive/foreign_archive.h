// Archives that other programs made, read as a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random_access.h"

namespace wobackup {

/// What a search for vhost.json found.
struct VhostSearch {
  std::optional<std::string> text;  ///< of vhost.json
  std::string top;                  ///< the top folder; empty if there is none. Without a vhost.json: as it seems
  bool whole = false;               ///< the tar was read through to its end
};

/// Looks for vhost.json in a compressed tar: at its top or in its top folder. Stops when it is found, or, with a limit,
/// before it would have to decompress more than that. Throws Error verification for a file that is no tar, damaged, or
/// cut off, as far as it was read.
[[nodiscard]] VhostSearch find_vhost(const RandomAccess& file, std::optional<std::uint64_t> limit_bytes);

}  // namespace wobackup
