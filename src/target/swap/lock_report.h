// Who keeps tables in use.
#pragma once

#include <string>

#include "database/connection.h"

namespace wobackup {

/// "connection 12 (shop@localhost, open transaction for 40 s)", several with commas, as far as the login may see them;
/// empty if it sees none. `own_id` is left out.
[[nodiscard]] std::string who_blocks(DatabaseConnection& connection, const std::string& live,
                                     const std::string& own_id);

}  // namespace wobackup
