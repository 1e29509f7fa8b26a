// With whose credentials a database is dumped.
#pragma once

#include <string>

#include "database/connection.h"
#include "database/my_cnf.h"
#include "source/database/mysql_dump.h"

namespace wobackup {

/// A login that works.
struct DumpLogin {
  ServerLogin login;
  bool is_admin = false;
};

/// The admin's, if the request allows it, the admin's server is the site's, and the site's own login can open the
/// database; else the site's own. Throws Error dump if the site's own login cannot open the database: then it may be
/// another site's.
[[nodiscard]] DumpLogin choose_dump_login(const DumpRequest& request, const Cancellation& cancellation);

/// Which of the privileges that a whole dump needs the login lacks on the database, as far as it can tell: TRIGGER,
/// EVENT, SHOW VIEW, SELECT. A login without them sees less than there is, and a dump would silently lack it.
[[nodiscard]] std::string missing_privileges(DatabaseConnection& connection, const std::string& database);

}  // namespace wobackup
