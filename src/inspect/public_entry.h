// A manifest's entry as the public API gives it.
#pragma once

#include "container/manifest.h"
#include "wobackup/inspect.h"

namespace wobackup {

[[nodiscard]] ArchiveEntry public_entry(const ManifestEntry& listed);

}  // namespace wobackup
