// The config file: which keys there are, and what they may hold.
#pragma once

#include <filesystem>

#include "wobackup/config.h"

namespace wobackup {

/// Replaces the settings in `config` that the TOML file names, and sets `config.file`. Throws Error usage that names
/// file and line for an unknown key or a wrong value, and for a file that cannot be read or that other users can write
/// to: it names programs that run as root.
void read_config_file(const std::filesystem::path& file, Config& config);

}  // namespace wobackup
