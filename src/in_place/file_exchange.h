// What is exchanged between a site's live files and those that were staged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "in_place/file_identity.h"
#include "in_place/folder_attributes.h"
#include "wobackup/json.h"

namespace wobackup {

/// One name that is exchanged. One of the two sides may be missing.
struct SwapStep {
  std::string path;  ///< relative to the site's folder: "htdocs", "wp-config.php"; the same in the stage
  std::optional<FileIdentity> staged;  ///< what comes; nothing: the backup does not have it
  std::optional<FileIdentity> live;    ///< what goes; nothing: the name was free
  std::size_t place = 0;               ///< whose stage
};

/// A folder besides the site's in which a stage lies, since nothing can be renamed across its border: a mount, or the
/// folder that a symbolic link htdocs leads to. Its stage has the same name as that in the site's folder.
struct FurtherPlace {
  std::string at;  ///< where it appears in the site's folder
  FileIdentity folder;
  std::optional<FileIdentity> stage;  ///< nothing: not made yet, or only just
  std::int64_t seconds = 0;           ///< when the folder had been changed before the stage was made in it
  std::int64_t nanoseconds = 0;
};

/// A folder that cannot be exchanged itself, since something in it, or itself, stays: its entries are, and its
/// attributes. Its stage has a folder of the same path.
struct StayingFolder {
  std::string path;
  std::size_t place = 0;  ///< of its entries
  FileIdentity live;
  FolderAttributes before, after;
};

/// The files of a restore and the folders in which they wait, or in which what was displaced waits. Place 0 is the
/// site's folder, place n is further[n-1].
struct FileExchange {
  std::string stage;  ///< the folder's name in the site's folder
  FileIdentity stage_identity;
  std::vector<SwapStep> steps;
  std::vector<FurtherPlace> further;  ///< sorted by path
  std::vector<StayingFolder> staying;
  /// What of the site's is exchanged, if that is a part of it: the rest of the backup, or of the site, was not wanted.
  std::vector<std::string> only;
  std::vector<std::string> kept;  ///< live paths that the backup leaves out, and that are not touched
};

[[nodiscard]] Json json_of(const FileExchange& files);
/// Throws Error or Json::exception.
[[nodiscard]] FileExchange file_exchange_from(const Json& json);

}  // namespace wobackup
