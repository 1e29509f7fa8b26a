// The archives of a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/random_access.h"
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

/// Type, reason, completeness, as the archive's own metadata tell. Throws Error.
void describe_archive(const RandomAccess& file, SnapshotRef& ref);

/// As Service::info.
[[nodiscard]] Json archive_info(const std::filesystem::path& archive);
/// The same of one that was opened. `modified`: seconds since 1970.
[[nodiscard]] Json archive_info(const std::filesystem::path& archive, const RandomAccess& file, double modified);

}  // namespace wobackup
