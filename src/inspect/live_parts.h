// The objects of a database as it is now.
#pragma once

#include <string>
#include <vector>

#include "base/cancellation.h"
#include "database/connection.h"
#include "inspect/database_parts.h"

namespace wobackup {

/// All that a dump of the database that the connection has open would hold. Rows are counted, table by table, as they
/// are at that moment; sizes are what the server says that tables and indexes take. What the server does not show (a
/// damaged table, a broken view) is said in `notes`. Throws Error dump, interrupted.
[[nodiscard]] DatabaseParts live_parts(DatabaseConnection& connection, std::vector<std::string>& notes);

}  // namespace wobackup
