// Whether a folder that is a store is still the one that it was: a disk that is not mounted leaves an empty one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wobackup {

/// The file that must be in the folder, because this installation has put it there; empty if it has not.
[[nodiscard]] std::string mark_of_folder(const std::filesystem::path& folder, const std::filesystem::path& state_dir);

/// The first time: puts the file ".wobackup-store" into the folder, and records that. Throws Error.
void mark_folder(const std::filesystem::path& folder, const std::filesystem::path& state_dir);

/// Who else could exchange or remove what lies in the folder: "anybody" or "user 1000"; nothing if nobody but root and
/// the user of this process.
[[nodiscard]] std::optional<std::string> others_may_write(int folder_fd);

}  // namespace wobackup
