// The archives of a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wobackup/json.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// Newest first, by the names' timestamps. Folders and what is no archive by its name are passed over. A file that
/// cannot be read is listed with its problem, and so are links and FIFOs of an archive's name: they are not opened,
/// since a site's user could have put them there.
[[nodiscard]] std::vector<SnapshotRef> list_archives(int directory_fd, const std::filesystem::path& directory,
                                                     const std::string& site);

/// The same without looking into the files: type, reason, and problems stay unknown.
[[nodiscard]] std::vector<SnapshotRef> list_archive_names(int directory_fd, const std::filesystem::path& directory,
                                                          const std::string& site);

/// As Service::info.
[[nodiscard]] Json archive_info(const std::filesystem::path& archive);

}  // namespace wobackup
