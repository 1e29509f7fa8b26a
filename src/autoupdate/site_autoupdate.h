// The updates of one site, from the question what is pending to the last check.
#pragma once

#include "wobackup/autoupdate.h"

namespace wobackup {

/// Never throws for what goes wrong with the site; that is in the result's `error`.
[[nodiscard]] SiteAutoupdate autoupdate_site(Service& service, const Site& site, const AutoupdateOptions& options);

/// The reasons that stand in its backups: of the one before everything, and of those between single updates.
inline constexpr const char* kAutoupdateReason = "pre-autoupdate";
inline constexpr const char* kSingleUpdateReason = "pre-single-update";

}  // namespace wobackup
