// Whether an archive is the one that was made here.
#pragma once

#include <filesystem>
#include <optional>

#include "container/container_reader.h"
#include "snapshot/archive_ledger.h"
#include "wobackup/config.h"
#include "wobackup/log.h"

namespace wobackup {

/// `recorded`: the ledger, which only root writes, has the hash of its manifest, which has the hashes of everything.
/// `changed`: the ledger has another, or the file has no manifest at all. `unknown`: the ledger has none (made
/// elsewhere, copied, or by another program).
enum class ArchiveTrust { recorded, changed, unknown };

/// What the ledger of the site has that the archive's folder is named for; else, that of the site which the archive
/// names itself. `container` is null for a file without our index.
[[nodiscard]] std::optional<LedgerEntry> recorded_of(const std::filesystem::path& archive,
                                                     const ContainerReader* container, const Config& config);

/// Compares the manifest's hash as the archive states it; whoever reads the manifest finds whether it has it.
[[nodiscard]] ArchiveTrust trust_in(const std::filesystem::path& archive, const ContainerReader* container,
                                    const Config& config);

/// Warns of whatever is not `recorded`.
void warn_of_stranger(const std::filesystem::path& archive, ArchiveTrust trust, const LogSink& log);

}  // namespace wobackup
