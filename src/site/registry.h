// The WordOps registry: an SQLite database with a table `sites`.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "wobackup/log.h"
#include "wobackup/site.h"

namespace wobackup {

/// Reads all sites, by name. WordOps may be writing: waits up to `patience`. A row with a name or path that cannot be
/// used is left out, and told in `left_out` or else logged as a warning. Throws Error not_found if the file is missing,
/// failed if it is locked, corrupt, or has no table `sites`. Never writes to the registry.
[[nodiscard]] std::vector<Site> read_registry(const std::filesystem::path& path, const LogSink& log,
                                              std::chrono::milliseconds patience = std::chrono::seconds(5),
                                              std::vector<std::string>* left_out = nullptr);

}  // namespace wobackup
