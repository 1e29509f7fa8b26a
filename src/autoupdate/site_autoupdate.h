// The updates of one site, from the question what is pending to the last check.
#pragma once

#include "wobackup/autoupdate.h"

namespace wobackup {

/// Never throws for what goes wrong with the site; that is in the result's `error`.
[[nodiscard]] SiteAutoupdate autoupdate_site(Service& service, const Site& site, const AutoupdateOptions& options);

}  // namespace wobackup
