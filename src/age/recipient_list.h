// Whom to encrypt to, from what an admin wrote.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "age/age_writer.h"

namespace wobackup {

/// The recipients in a file: one a line, with comments (#) and empty lines. Throws usage, naming file and line; also
/// for a file that others than root and this process's user can change: they could add themselves.
[[nodiscard]] std::vector<std::string> recipients_in_file(const std::filesystem::path& file);

/// Each once. Throws usage for what is none.
[[nodiscard]] Recipients recipients_from(const std::vector<std::string>& texts);

}  // namespace wobackup
