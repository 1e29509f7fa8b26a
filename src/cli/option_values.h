// What the texts of options mean, where several commands take the same ones. All throw Error usage.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/output.h"
#include "wobackup/service.h"

namespace wobackup::cli {

/// At most one of --db, --files and --type T.
[[nodiscard]] BackupType type_from(const std::string& type, bool database_only, bool files_only);
/// The object in `json_file` (if one is named; "-" for standard input), and KEY=VALUE on top, where a value that is
/// JSON is taken as such.
[[nodiscard]] Json metadata_from(const std::string& json_file, const std::vector<std::string>& pairs, Output& output);
/// "10m", of this option.
[[nodiscard]] std::chrono::seconds duration_from(const char* option, const std::string& text);
/// --site-json: a file, or "-" for standard input.
[[nodiscard]] Site site_from_file(const std::string& name, const Service& service, Output& output);

}  // namespace wobackup::cli
