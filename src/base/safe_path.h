// Opening paths in places where somebody else may plant links.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace wobackup {

/// Opens `relative` below the directory `root_fd` without following any symbolic link and without leaving it, however
/// long the path is. Always adds O_CLOEXEC and O_NOFOLLOW. Returns an empty descriptor and sets errno on failure (ELOOP
/// for a link on the way, ENOENT for an empty, absolute or ".."-path).
[[nodiscard]] UniqueFd open_beneath(int root_fd, std::string_view relative, int flags);

/// Opens a directory by absolute path. A symbolic link on the way is followed only where nobody but root and the user
/// of this process could have put it: the folder that holds it belongs to one of them and others cannot write to it
/// (or it is sticky and the link itself belongs to one of them). With `create`, missing folders are made (mode 0700).
/// Throws not_found, or failed with a hint for a link that is not trusted.
[[nodiscard]] UniqueFd open_trusted_directory(const std::filesystem::path& path, bool create);

/// Where the link `name` in a folder leads, if it may be trusted in the same sense; else throws failed. `path` is for
/// messages.
[[nodiscard]] std::filesystem::path trusted_link_target(int directory_fd, const std::string& name,
                                                        const std::filesystem::path& path);

}  // namespace wobackup
