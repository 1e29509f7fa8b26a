// Views of a dump that use other databases than the site's.
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"
#include "target/database/dump_loader.h"
#include "wobackup/json.h"

namespace wobackup {

/// What the exchange makes of them: a list of SavedObject in JSON, null if there are none. They will belong to `owner`
/// (user@host), so that they never show what the site's own login could not read. Asks with that login, before anything
/// live is touched, whether it may read the tables they name. Throws Error failed, which names the view.
[[nodiscard]] Json planned_foreign_views(const std::vector<ForeignView>& views, const ServerLogin& site_login,
                                         const std::string& database, const std::string& owner,
                                         const Cancellation& cancellation);

}  // namespace wobackup
