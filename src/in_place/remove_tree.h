// Removes what was displaced.
#pragma once

#include <string>

namespace wobackup {

/// Removes a file or a folder with all below it. Follows no link, and leaves what is mounted there: throws Error failed
/// at the border of a file system, before anything behind it is touched. A missing one is fine.
void remove_tree(int folder_fd, const std::string& name);

}  // namespace wobackup
