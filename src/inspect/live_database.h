// What differs between a backup's databases and a site's as they are now.
#pragma once

#include "base/cancellation.h"
#include "store/archive/archive_reader.h"
#include "wobackup/config.h"
#include "wobackup/inspect.h"
#include "wobackup/site.h"

namespace wobackup {

/// Adds to `result` what differs, asking the server by the login that a backup would use. Definitions are compared, and
/// numbers of rows; of an SQLite database the whole file. A database that cannot be asked, for whatever reason, is a
/// note. Throws Error verification for a damaged archive, interrupted.
void compare_with_live_database(const ArchiveReader& archive, const Site& site, const Config& config,
                                const Cancellation& cancellation, Difference& result);

}  // namespace wobackup
