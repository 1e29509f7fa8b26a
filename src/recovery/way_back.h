// The ways back from a restore in place, and to its end.
#pragma once

#include <optional>

#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"

namespace wobackup {

/// Everything as it was before; what had been loaded and staged is not live any more. Tries both parts, whatever
/// happens to the first.
void go_back(const std::optional<FilesInPlace>& files, std::optional<DatabaseInPlace>& database);

}  // namespace wobackup
