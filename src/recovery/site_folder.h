// A site's folder that is gone, made again.
#pragma once

#include <filesystem>

namespace wobackup {

/// Makes the folder if it is missing: root's, mode 0755 whatever the umask is. Whether it was.
[[nodiscard]] bool make_site_folder(const std::filesystem::path& path);

/// Gives it to its owner, when it has just been made: with `staged_fd`, the folder that holds the restored htdocs of an
/// archive that can be trusted, to the owner of that; else (-1, or there is none) to the web server's user, as WordOps
/// does. It stays root's where there is no such user, and without root.
void give_site_folder(const std::filesystem::path& path, int staged_fd);

}  // namespace wobackup
