// A live folder and the stage in it, both held open.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "in_place/file_swap.h"

namespace wobackup {

/// The site's folder, or one of FileExchange::further. Their names belong to the site's users: the descriptors and
/// identities count.
struct StagingPlace {
  std::string at;  ///< where it appears in the site's folder; empty: it is that folder
  UniqueFd live;
  UniqueFd stage;

  [[nodiscard]] FileSwap swap() const { return {live.get(), stage.get(), at}; }
};

/// Whether a path's entry lies in the place itself, not in one below it.
[[nodiscard]] std::size_t place_of_entry(const std::vector<StagingPlace>& places, const std::string& path);

/// Makes an empty stage of root's, mode 0700, and proves that names can be exchanged there. The folder's time stays.
/// `path` is for messages. Throws Error failed.
[[nodiscard]] UniqueFd make_stage(int live_fd, const std::string& name, const std::string& path);
/// Opens one; empty with errno if it is gone.
[[nodiscard]] UniqueFd open_stage(int live_fd, const std::string& name);
/// Makes missing folders on a way in a stage, and leaves the times of the others.
void make_folders(int stage_fd, const std::string& path);
/// What stages' names begin with.
inline constexpr const char* kStagePrefix = ".wobackup-restore";
/// Removes one of root's that was only just made. One with anything in it, and a user's folder of that name, stay.
void remove_empty_stage(int live_fd, const std::string& name);
/// Removes it with all in it. The folder's time stays.
void remove_stage(int live_fd, const std::string& name);

[[nodiscard]] FileIdentity identity_of(int fd);

/// The names in an open folder, sorted.
[[nodiscard]] std::vector<std::string> names_in(int folder_fd);

}  // namespace wobackup
