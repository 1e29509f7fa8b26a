// What a restore in place has displaced, or its undoing has, becomes an archive.
#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "recovery/archived_part.h"
#include "recovery/journaled_restore.h"
#include "snapshot/backup_target.h"
#include "snapshot/create.h"
#include "target/swap/swap.h"

namespace wobackup {
namespace {

struct WhatWasDisplaced {
  Site site;  // its path is the stage
  bool files = false;
  std::vector<std::pair<std::string, UniqueFd>> folders;  // in other stages
  std::optional<GivenDatabase> database;
  std::optional<ArchivePart> part;  // nothing: all that the site had
};

bool has_ended(const JournaledRestore& restore) {
  return restore.journal.phase == JournalPhase::done || restore.journal.phase == JournalPhase::undone;
}

WhatWasDisplaced displaced_of(const Site& site, const JournaledRestore& restore) {
  const JournalPhase phase = restore.journal.phase;
  WhatWasDisplaced displaced{site, restore.files && restore.files->has_displaced(), {}, std::nullopt, std::nullopt};
  if (displaced.files) {
    displaced.site.path = restore.files->stage_path();
    displaced.folders = restore.files->displaced_elsewhere();
    if (!restore.journal.files->only.empty()) displaced.part = ArchivePart{restore.files->displaced_paths(), {}};
  }
  // What was loaded straight into live has left its archive already.
  if (restore.database && !restore.database->loads_into_live()) {
    const DatabaseExchange& exchange = *restore.journal.database;
    const bool done = phase == JournalPhase::done;
    displaced.database = GivenDatabase{done ? exchange.safety : exchange.undone, restore.database->login(),
                                       event_status_before(done ? exchange.saved : exchange.undo_saved), exchange.live};
    if (!exchange.only_tables.empty()) {
      displaced.part = ArchivePart{{}, restore.database->exchanged_tables_in(displaced.database->name)};
    }
  }
  return displaced;
}

// The backup of a database that another one was loaded straight into.
std::filesystem::path archived_before(const RestoreJournal& journal, const InPlaceEnvironment& environment) {
  if (!journal.database || !journal.database->live_load) return {};
  const LiveLoad& load = *journal.database->live_load;
  const std::string& archive = (journal.phase == JournalPhase::done ? load.safety : load.undone).archive;
  if (environment.log) {
    environment.log(LogLevel::info, fmt::format("the database is in {} already", printable(archive)));
  }
  return archive;
}

std::filesystem::path archive_displaced(const Site& site, const JournaledRestore& restore,
                                        const InPlaceEnvironment& environment) {
  const WhatWasDisplaced displaced = displaced_of(site, restore);
  if (!displaced.files && !displaced.database) return {};
  CreateOptions options;
  options.type = !displaced.database ? BackupType::files : (displaced.files ? BackupType::full : BackupType::database);
  options.reason = restore.journal.phase == JournalPhase::done ? "pre-restore" : "pre-undo";
  options.backup_root = backup_root_of(site, environment.config, std::nullopt);
  options.metadata_extra = {{"restored_archive", printable(restore.journal.archive)}};
  if (displaced.part) options.metadata_extra[kHoldsOnly] = json_of(*displaced.part);
  const Created created =
      create_displaced_snapshot(displaced.site, options, {displaced.database, displaced.folders, true},
                                {environment.config, environment.clock, environment.log});
  if (!created.complete) {
    throw Error(ErrorKind::incomplete, fmt::format("{}: not all of what was displaced could be archived", site.name),
                fmt::format("it is kept in {}", printable(displaced.site.path.string())));
  }
  return created.archive;
}

// What cannot be archived would be in the way of every later restore.
std::string with_discard(const std::string& hint, const std::string& site, const RestoreJournal& journal) {
  return fmt::format(
      "{}wobackup restore --finish --discard {} gives up what the restore of {} {}, without an archive of "
      "it{}",
      hint.empty() ? std::string() : hint + "; or ", site, journal.started,
      journal.phase == JournalPhase::done ? "has displaced" : "had brought",
      journal.phase == JournalPhase::done ? ": --undo has nothing to bring back then" : "");
}

// Killed in between, and then somebody took the stage away: the files stay as they are, and the database comes to the
// side on which they seem to be.
void settle_without_stage(JournaledRestore& restore) {
  if (!restore.database) return;
  restore.in_maintenance(Way::back, [&] {
    if (restore.journal.phase == JournalPhase::undoing) {
      restore.undo_database();
    } else if (restore.files && restore.files->any_is_live()) {
      restore.forward_database();
    } else {
      restore.warn(restore.database->back());
    }
  });
}

// From the archiving to the removing nobody else comes in between: the site's lock is held.
std::filesystem::path finish(JournaledRestore& restore, const Site& site, bool discard,
                             const InPlaceEnvironment& environment) {
  discard ? restore.open_what_is_left() : restore.open();
  const bool lost = restore.journal.files && !(restore.files && restore.files->has_stage());
  if (!has_ended(restore) && !(lost && restore.journal.phase != JournalPhase::removing)) {
    throw interrupted_restore(site.name, name_of(restore.journal.phase), ErrorKind::usage);
  }
  if (!has_ended(restore) && restore.journal.phase != JournalPhase::staging) settle_without_stage(restore);
  std::filesystem::path archive = archived_before(restore.journal, environment);
  if (!discard) {
    try {
      std::filesystem::path made = archive_displaced(site, restore, environment);
      if (!made.empty()) archive = std::move(made);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      throw Error(error.kind(), error.message(), with_discard(error.hint(), site.name, restore.journal),
                  error.retryable());
    }
  }
  restore.forget();
  return archive;
}

}  // namespace

std::filesystem::path finish_restore(const Site& site, bool discard, const InPlaceEnvironment& environment) {
  JournaledRestore restore(site.name, "finish", environment);
  return finish(restore, site, discard, environment);
}

std::filesystem::path finish_restore_under_lock(const Site& site, const InPlaceEnvironment& environment) {
  JournaledRestore restore(site.name, "finish", environment, SiteLock::held);
  return finish(restore, site, false, environment);
}

}  // namespace wobackup
