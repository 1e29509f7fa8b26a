// Taking a guarded change back.
#pragma once

#include "guard/guard_environment.h"
#include "guard/guard_journal.h"
#include "wobackup/guard.h"
#include "wobackup/progress.h"

namespace wobackup {

/// What a backup is restored with when its guard rolls back.
[[nodiscard]] InPlaceOptions roll_back_options(BackupType type, bool shared, bool live_load);

/// A roll-back that was killed between its restore's beginning and end: to its end, or, where nothing was exchanged
/// yet, back. True if what was backed up is in place again.
[[nodiscard]] bool finish_begun_restore(const GuardJournal& journal, const GuardEnvironment& environment);

/// Restores in place exactly what was backed up (unless that is done), keeps the rows that this takes out of the
/// database, and checks; what it did is in `result`. The journal is gone afterwards. Throws GuardFailed
/// rollback_failed: with the journal still there, if it was not restored, and may be tried again; without it, if it
/// was, and the site is not as before all the same.
void roll_back(GuardJournal& journal, const GuardJournalFile& file, const GuardEnvironment& environment,
               const ProgressCallback& on_progress, GuardResult& result);

/// What a guard that has rolled back ends with.
[[noreturn]] void throw_rolled_back(const GuardJournal& journal, GuardResult& result);

}  // namespace wobackup
