// [store."x"] of the config file.
#pragma once

#include "config/toml_reader.h"
#include "wobackup/config.h"

namespace wobackup {

/// Throws Error usage that names file and line.
void read_stores(TomlReader& root, const std::filesystem::path& file, Config& config);

}  // namespace wobackup
