// Space for what does not fit into memory.
#pragma once

#include "base/unique_fd.h"

namespace wobackup {

/// An empty file without a name in the temporary folder.
[[nodiscard]] UniqueFd temporary_file();

}  // namespace wobackup
