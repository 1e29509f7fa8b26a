// The live htdocs, which may be a symbolic link.
#pragma once

#include "base/unique_fd.h"

namespace wobackup {

/// Opens the folder htdocs in a site's folder; empty if there is none. A link is followed by the rule of `create`,
/// which holds for each link on the way here: root made it, or its owner owns the folder that it leads to in the end.
/// Throws Error failed for another one, and for one that leads nowhere.
[[nodiscard]] UniqueFd open_htdocs(int site_fd);

}  // namespace wobackup
