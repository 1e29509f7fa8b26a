#include "recovery/way_back.h"

#include <fmt/format.h>

#include <string>

#include "recovery/journaled_restore.h"
#include "recovery/site_check.h"

namespace wobackup {
namespace {

void flush_caches_of(const JournaledRestore& restore, const InPlaceEnvironment& environment) {
  const Cancellation never;
  static_cast<void>(flush_site_caches(restore.site, environment.config, restore.journal.owner, never));
}

[[noreturn]] void throw_undone(const std::string& site) {
  throw Error(ErrorKind::not_found, fmt::format("{}: the restore is undone already", site),
              "`restore --finish` archives what it had brought");
}

// Nothing live hangs on it: a stage that somebody took away needs no removing.
void forget(JournaledRestore& restore) {
  restore.open_what_is_left();
  restore.forget();
}

}  // namespace

std::vector<std::string> go_back(const std::optional<FilesInPlace>& files, std::optional<DatabaseInPlace>& database) {
  std::optional<Error> failed;
  std::vector<std::string> notes;
  try {
    if (database) notes = database->back();
  } catch (const Error& error) {
    failed = error;
  }
  if (files) files->back();
  if (failed) throw Error(ErrorKind::rollback_failed, failed->message(), failed->hint());
  return notes;
}

std::string with_way_back(const std::string& hint, const std::string& site) {
  const std::string command = "wobackup restore --abort " + site;
  if (hint.find(command) != std::string::npos) return hint;
  return fmt::format("{}{} takes it back, once the database server runs (again)",
                     hint.empty() ? std::string() : hint + "; ", command);
}

void resume_restore(const std::string& site, const InPlaceEnvironment& environment) {
  JournaledRestore restore(site, "resume", environment);
  const JournalPhase phase = restore.journal.phase;
  if (phase == JournalPhase::undone) throw_undone(site);
  if (phase == JournalPhase::done) {
    throw Error(ErrorKind::not_found, fmt::format("{}: the restore is done; there is nothing to resume", site));
  }
  if (phase == JournalPhase::staging) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore had not replaced anything yet", site),
                "take it back with `restore --abort`, and begin anew");
  }
  if (phase == JournalPhase::removing) return forget(restore);
  restore.open();
  if (phase == JournalPhase::undoing) {
    restore.in_maintenance(Way::back, [&] { restore.undo(); });
    restore.enter(JournalPhase::undone);
    return flush_caches_of(restore, environment);
  }
  try {
    restore.in_maintenance(Way::forward, [&] { restore.forward(); });
  } catch (const Error& error) {
    const std::string otherwise = "take the restore back with `restore --abort`";
    throw Error(error.kind() == ErrorKind::locked ? error.kind() : ErrorKind::failed, error.message(),
                error.hint().empty() ? otherwise : error.hint() + "; or " + otherwise);
  }
  restore.enter(JournalPhase::done);
  if (restore.database) restore.database->remove_shadow();
  flush_caches_of(restore, environment);
}

void abort_restore(const std::string& site, const InPlaceEnvironment& environment) {
  JournaledRestore restore(site, "abort", environment);
  const JournalPhase phase = restore.journal.phase;
  if (phase == JournalPhase::done) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore is done", site), "take it back with `restore --undo`");
  }
  if (phase == JournalPhase::undone) throw_undone(site);
  if (phase == JournalPhase::staging || phase == JournalPhase::removing) return forget(restore);
  restore.open();
  if (phase == JournalPhase::undoing) {
    restore.in_maintenance(Way::back, [&] { restore.undo(); });
    restore.enter(JournalPhase::undone);
  } else {
    try {
      restore.in_maintenance(Way::back, [&] { restore.warn(go_back(restore.files, restore.database)); });
    } catch (const Error& error) {
      throw Error(error.kind(), error.message(), with_way_back(error.hint(), site));
    }
    restore.forget();
  }
  flush_caches_of(restore, environment);
}

void undo_restore(const std::string& site, const InPlaceEnvironment& environment) {
  JournaledRestore restore(site, "undo", environment);
  if (restore.journal.phase == JournalPhase::undone) throw_undone(site);
  if (restore.journal.phase != JournalPhase::done) {
    throw interrupted_restore(site, name_of(restore.journal.phase), ErrorKind::usage);
  }
  restore.open();
  restore.journal.folder_times.clear();
  if (restore.files) {
    restore.files->plan_undo();
    restore.journal.files = restore.files->exchange();
  }
  restore.enter(JournalPhase::undoing);
  restore.in_maintenance(Way::back, [&] { restore.undo(); });
  restore.enter(JournalPhase::undone);
  flush_caches_of(restore, environment);
}

}  // namespace wobackup
