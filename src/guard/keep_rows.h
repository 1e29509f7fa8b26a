// The rows that a roll-back took out of the database are kept as SQL.
#pragma once

#include <string>
#include <vector>

#include "guard/guard_environment.h"
#include "guard/guard_journal.h"
#include "wobackup/guard.h"

namespace wobackup {

/// After a roll-back that has put the backup's database in place, and while what it displaced is still there: writes
/// `<state_dir>/kept-rows/<site>/<archive's name>.sql`. Nothing, if there are no such rows, or no database was rolled
/// back. What goes wrong with a table is a note, and its rows are still among what was displaced. Throws Error for what
/// concerns all of them.
[[nodiscard]] KeptRows keep_rows(const GuardJournal& journal, const GuardEnvironment& environment,
                                 std::vector<std::string>& notes);

}  // namespace wobackup
