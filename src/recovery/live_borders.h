// What of a site's live files cannot, or shall not, be exchanged as a whole.
#pragma once

#include <string>
#include <vector>

#include "recovery/staging_place.h"
#include "store/archive/archive_reader.h"

namespace wobackup {

struct LiveBorders {
  /// Mounts, and the folder that a symbolic link htdocs leads to: sorted by path, opened, yet without a stage.
  std::vector<StagingPlace> further;
  /// Live paths that the backup has left out.
  std::vector<std::string> kept;
};

/// Looks at the live files that are to be replaced by the archive's: all that it has, or `wanted` (paths). Changes
/// nothing. Throws Error failed for what cannot be restored in place: a mount for which the backup has no folder, a
/// mounted file, a link that may not be followed, a mount of what is exchanged at another place.
[[nodiscard]] LiveBorders find_borders(int site_fd, const ArchiveReader& archive,
                                       const std::vector<std::string>& wanted);

/// The live folder of a further place, as it is now; empty with errno. Throws as open_htdocs.
[[nodiscard]] UniqueFd open_place(int site_fd, const std::string& at);

}  // namespace wobackup
