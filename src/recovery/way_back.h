// The ways back from a restore in place, and to its end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"

namespace wobackup {

/// Everything as it was before; what had been loaded and staged is not live any more. Tries both parts, whatever
/// happens to the first. Returns what could not be made again as it was: views that were broken before.
std::vector<std::string> go_back(const std::optional<FilesInPlace>& files, std::optional<DatabaseInPlace>& database);

/// A hint that names the command with which a way back that failed is gone again.
[[nodiscard]] std::string with_way_back(const std::string& hint, const std::string& site);

}  // namespace wobackup
