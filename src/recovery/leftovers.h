// What killed restores leave that no journal tells of.
#pragma once

#include <filesystem>
#include <string>

namespace wobackup {

/// Removes stages of root's in the site's folder that hold nothing (killed before the journal was written), and
/// unfinished journals of this site. REQUIRES: the site's lock is held, and it has no journal. Never throws.
void sweep_restore_leftovers(const std::string& site, const std::filesystem::path& site_path,
                             const std::filesystem::path& state_dir) noexcept;

}  // namespace wobackup
