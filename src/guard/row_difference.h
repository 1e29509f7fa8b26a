// What one table has that another one of the same name has not.
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"
#include "guard/kept_tables.h"
#include "guard/row_file.h"
#include "wobackup/guard.h"

namespace wobackup {

/// Two databases on one server: `displaced` was live until a roll-back, `live` is as in the backup by now (and lives
/// on).
struct DatabasePair {
  std::string displaced, live;
};

/// Writes the rows that were added to a table, or changed in it, since the backup: those of the displaced table without
/// an equal in the live one. By the primary key where both have the same, else by the rows as a whole, which then count
/// as added. Rows that the live table got or changed meanwhile may make it more, never less. Only columns that both
/// tables have are written; others, and a live table that is not there, are told in a comment and in `notes`. The
/// server does the comparing. Throws Error dump for what the server refuses.
[[nodiscard]] KeptTable write_row_difference(DatabaseConnection& connection, const DatabasePair& pair,
                                             const KeptSelection& selection, RowFile& file,
                                             std::vector<std::string>& notes);

}  // namespace wobackup
