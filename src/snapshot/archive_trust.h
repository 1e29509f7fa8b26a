// Whether an archive is the one that was made here.
#pragma once

#include <filesystem>

#include "container/container_reader.h"
#include "wobackup/config.h"

namespace wobackup {

/// `recorded`: the ledger, which only root writes, has the hash of its manifest, which has the hashes of everything.
/// `changed`: the ledger has another. `unknown`: it has none (made elsewhere, copied, or by another program).
enum class ArchiveTrust { recorded, changed, unknown };

/// Compares the manifest's hash as the archive states it; whoever reads the manifest finds whether it has it.
[[nodiscard]] ArchiveTrust trust_in(const std::filesystem::path& archive, const ContainerReader& container,
                                    const Config& config);

}  // namespace wobackup
