// Whether an archive in a store elsewhere is the one that its name says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "store/archive/archive_file.h"
#include "wobackup/config.h"

namespace wobackup {

/// Why it is another one; nothing if nothing speaks against it. What was copied there from here is compared with the
/// manifest's hash in the ledger, which only root writes. Of others, site and time inside must be those of the name:
/// so neither another site's archive nor an older one of the same site passes for this one. An archive of another
/// program that was not copied from here has neither. Reads the archive's end and the manifest's header.
[[nodiscard]] std::optional<std::string> exchanged_archive(const std::filesystem::path& archive,
                                                           const ArchiveFile& content, const Config& config);

/// Throws Error verification for such a one.
void require_expected(const std::filesystem::path& archive, const ArchiveFile& content, const Config& config);

}  // namespace wobackup
