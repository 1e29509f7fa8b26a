// What updates need of the machine and of WordPress, as their authors say: one that would only break the site, and be
// taken back with all others, is held back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "wobackup/autoupdate.h"
#include "wobackup/config.h"
#include "wobackup/site.h"

namespace wobackup {

/// What an offered version needs and does not find. The site's word; printable.
struct Requirement {
  std::string kind;       ///< "core", "plugin", "theme"
  std::string name;       ///< as WP-CLI names it; of the core, the version on offer
  std::string php;        ///< the PHP that it needs, if the site's is older; else empty
  std::string wordpress;  ///< the same of WordPress
};

/// Asks the site's WordPress about the offers that it knows of. Nothing if it cannot be asked; `why_not` says why.
/// Throws Error interrupted only.
[[nodiscard]] std::optional<std::vector<Requirement>> unmet_requirements(const Site& site, const Config& config,
                                                                         const Cancellation& cancellation,
                                                                         std::string& why_not);

/// Moves what cannot work to `held_back`. A WordPress that is too old is none if `pending` brings the one that is
/// needed.
void hold_back(PendingUpdates& pending, const std::vector<Requirement>& unmet);

}  // namespace wobackup
