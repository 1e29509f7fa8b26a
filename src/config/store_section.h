// [store."x"] of the config file.
#pragma once

#include "config/toml_reader.h"
#include "wobackup/config.h"

namespace wobackup {

/// Throws Error usage that names file and line.
void read_stores(TomlReader& root, const std::filesystem::path& file, Config& config);

/// Of a key `stores`: throws unless they are named in the config, URLs, paths, or "local".
void require_known_stores(const TomlReader& reader, const std::vector<std::string>& stores, const Config& config);

}  // namespace wobackup
