// Live paths that a backup has left out on purpose.
#pragma once

#include <string>
#include <vector>

#include "container/manifest.h"
#include "recovery/live_tree.h"

namespace wobackup {

/// A live path that matches what the backup left out, and nothing below another one.
struct LeftOut {
  std::string path;
  bool is_cache = false;  ///< by exclude_caches, which stores the folder itself, empty
};

/// Walks the live folders `wanted`. Follows no link but htdocs. Throws Error failed if there are more than 10,000.
[[nodiscard]] std::vector<LeftOut> find_left_out(const LiveTree& live, const std::vector<std::string>& wanted,
                                                 const ManifestHeader& header);

}  // namespace wobackup
