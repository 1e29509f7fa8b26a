// The archives of a folder.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random_access.h"
#include "store/archive/archive_file.h"
#include "wobackup/json.h"
#include "wobackup/keys.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// Adds what is remembered of an encrypted archive to what its name tells, so that nobody needs to be asked for keys.
/// False if nothing is.
using RememberedArchive = std::function<bool(SnapshotRef& ref)>;

/// Newest first, by the names' timestamps. Folders and what is no archive by its name are passed over. A file that
/// cannot be read is listed with its problem, and so are links and FIFOs of an archive's name: they are not opened,
/// since a site's user could have put them there. Of an encrypted one the structure is looked at; what it holds comes
/// from `remembered`, else from the archive itself if the keys open it without asking a person, else stays unknown.
[[nodiscard]] std::vector<SnapshotRef> list_archives(int directory_fd, const std::filesystem::path& directory,
                                                     const std::string& site, const Keys& keys,
                                                     const RememberedArchive& remembered = {});

/// The same without looking into the files: type, reason, and problems stay unknown.
[[nodiscard]] std::vector<SnapshotRef> list_archive_names(int directory_fd, const std::filesystem::path& directory,
                                                          const std::string& site);

/// Adds to what an archive's name tells what the archive itself does, or what is remembered of it: as list_archives.
/// `stored`: as it lies there, encrypted or not. Throws Error.
void describe_archive(std::shared_ptr<const RandomAccess> stored, const Keys& keys, const RememberedArchive& remembered,
                      SnapshotRef& ref);

/// As Service::info.
[[nodiscard]] Json archive_info(const std::filesystem::path& archive, const Keys& keys);
/// The same of one that was opened. `modified`: seconds since 1970.
[[nodiscard]] Json archive_info(const std::filesystem::path& archive, const ArchiveFile& file, double modified);

}  // namespace wobackup
