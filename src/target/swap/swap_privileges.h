// What a login must be allowed to do for a swap.
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"

namespace wobackup {

/// What the login lacks, in words for an admin: "CREATE on `wobackup_x`.*". Empty: a swap may begin. Nothing is
/// changed. `new_schema` is the name that safety will have, or one like it. Rights that come through a role that is not
/// the current one are not seen.
[[nodiscard]] std::vector<std::string> missing_swap_privileges(DatabaseConnection& connection, const std::string& live,
                                                               const std::string& new_schema);

/// The same for loading a dump straight into live.
[[nodiscard]] std::vector<std::string> missing_load_privileges(DatabaseConnection& connection, const std::string& live);

}  // namespace wobackup
