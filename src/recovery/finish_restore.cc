// What a restore in place has displaced, or its undoing has, becomes an archive.
#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
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
  RestoreJournal journal;
};

WhatWasDisplaced displaced_of(const Site& site, const InPlaceEnvironment& environment) {
  JournaledRestore restore(site.name, "finish", environment);
  const JournalPhase phase = restore.journal.phase;
  if (phase != JournalPhase::done && phase != JournalPhase::undone) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore was interrupted", site.name),
                "finish it with `restore --resume`, or take it back with `restore --abort`");
  }
  restore.open();
  WhatWasDisplaced displaced{site, restore.files && restore.files->has_displaced(), {}, std::nullopt, restore.journal};
  if (displaced.files) {
    displaced.site.path = restore.files->stage_path();
    displaced.folders = restore.files->displaced_elsewhere();
  }
  // What was loaded straight into live has left its archive already.
  if (restore.database && !restore.database->loads_into_live()) {
    const DatabaseExchange& exchange = *restore.journal.database;
    const bool done = phase == JournalPhase::done;
    displaced.database = GivenDatabase{done ? exchange.safety : exchange.undone, restore.database->login(),
                                       event_status_before(done ? exchange.saved : exchange.undo_saved)};
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

}  // namespace

std::filesystem::path finish_restore(const Site& site, bool discard, const InPlaceEnvironment& environment) {
  const WhatWasDisplaced displaced = displaced_of(site, environment);
  std::filesystem::path archive = archived_before(displaced.journal, environment);
  if (!discard && (displaced.files || displaced.database)) {
    CreateOptions options;
    options.type =
        !displaced.database ? BackupType::files : (displaced.files ? BackupType::full : BackupType::database);
    options.reason = displaced.journal.phase == JournalPhase::done ? "pre-restore" : "pre-undo";
    options.backup_root = backup_root_of(site, environment.config, std::nullopt);
    options.metadata_extra = {{"restored_archive", printable(displaced.journal.archive)}};
    const Created created = create_displaced_snapshot(displaced.site, options, {displaced.database, displaced.folders},
                                                      {environment.config, environment.clock, environment.log});
    if (!created.complete) {
      throw Error(ErrorKind::incomplete, fmt::format("{}: not all of what was displaced could be archived", site.name),
                  fmt::format("it is kept in {}", printable(displaced.site.path.string())));
    }
    archive = created.archive;
  }
  JournaledRestore restore(site.name, "finish", environment);
  restore.open();
  restore.forget();
  return archive;
}

}  // namespace wobackup
