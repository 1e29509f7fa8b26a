// The metadata of archives that other programs made.
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
  bool whole = false;               ///< the archive was read through to its end
};

/// Looks for vhost.json in another program's archive: at its top or in its top folder. Stops when it is found, or, with
/// a limit, before it would have to decompress more than that. Throws as ForeignArchive, as far as it was read.
[[nodiscard]] VhostSearch find_vhost(const RandomAccess& file, std::optional<std::uint64_t> limit_bytes);

}  // namespace wobackup
