// What a login may see of a database.
#pragma once

#include <string>

#include "database/connection.h"

namespace wobackup {

/// Which of the privileges that a whole dump needs the login lacks on the database, as far as it can tell: TRIGGER,
/// EVENT, SHOW VIEW, SELECT. A login without them sees less than there is, and a dump would silently lack it.
[[nodiscard]] std::string missing_privileges(DatabaseConnection& connection, const std::string& database);

}  // namespace wobackup
