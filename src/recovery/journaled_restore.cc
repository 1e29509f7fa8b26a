#include "recovery/journaled_restore.h"

#include <fmt/format.h>

#include <utility>

#include "base/safe_path.h"
#include "base/text.h"
#include "recovery/maintenance_window.h"
#include "site/catalog.h"
#include "wobackup/error.h"

namespace wobackup {

JournaledRestore::JournaledRestore(const std::string& name, const char* purpose, const InPlaceEnvironment& environment,
                                   SiteLock lock)
    : environment_(environment), state_(environment.config.state_dir), file_(state_.path(), name) {
  if (lock == SiteLock::take) {
    const LockWait& wait = environment.wait;
    lock_.emplace(state_.lock_file(name), fmt::format("{} {}", purpose, name), wait.longest, wait.cancelled);
  }
  std::optional<RestoreJournal> found = file_.load();
  if (!found) throw Error(ErrorKind::not_found, fmt::format("{}: there is no restore to {}", name, purpose));
  journal = *std::move(found);
  try {
    site = site_by_name(name, environment.config, {});
  } catch (const Error&) {
    site.name = name;
  }
  site.path = journal.site_path;
}

void JournaledRestore::open() {
  if (journal.files) files = FilesInPlace::open(journal.site_path, *journal.files);
  open_database();
}

void JournaledRestore::open_what_is_left() {
  if (journal.files) files = FilesInPlace::open_what_is_left(journal.site_path, *journal.files);
  // Whoever is removing it may have got that far before.
  if (journal.files && !(files && files->has_stage()) && journal.phase != JournalPhase::removing && environment_.log) {
    environment_.log(LogLevel::warning, fmt::format("{}: the restore's folder {} is gone: it is given up", journal.site,
                                                    printable((journal.site_path / journal.files->stage).string())));
  }
  open_database();
}

void JournaledRestore::open_database() {
  if (journal.database) database = DatabaseInPlace::open(site, *journal.database, environment_);
}

void JournaledRestore::enter(JournalPhase phase) {
  journal.phase = phase;
  file_.save(journal);
}

void JournaledRestore::in_maintenance(Way way, const std::function<void()>& change) {
  MaintenanceWindow maintenance(journal.site, environment_.clock);
  const UniqueFd folder = open_trusted_directory(journal.site_path, false);
  maintenance.add(folder.get(), journal.folder_times);
  if (files && files->has_stage()) maintenance.add(files->stage_fd(), journal.folder_times);
  file_.save(journal);
  if (way == Way::forward) {
    maintenance.enter();
  } else {
    maintenance.enter_if_possible(environment_.log);
  }
  change();
  if (files) maintenance.expect(files->times(went_forward_));
}

void JournaledRestore::forward_database() {
  if (!database) return;
  const Cancellation never;
  for (const std::string& note : database->forward(persist(), environment_.log, never)) {
    if (environment_.log) environment_.log(LogLevel::info, note);
  }
}

void JournaledRestore::forward() {
  forward_database();
  if (files) files->forward();
  went_forward_ = true;
}

void JournaledRestore::undo_database() {
  if (database) warn(database->undo(persist(), environment_.log));
}

void JournaledRestore::warn(const std::vector<std::string>& notes) const {
  if (!environment_.log) return;
  for (const std::string& note : notes) {
    environment_.log(LogLevel::warning, fmt::format("{}: {}", journal.site, note));
  }
}

void JournaledRestore::undo() {
  undo_database();
  if (files) files->back();
}

void JournaledRestore::forget() {
  enter(JournalPhase::removing);
  if (database) database->remove_all();
  if (files) files->remove();
  file_.remove();
}

DatabaseInPlace::Persist JournaledRestore::persist() {
  return [this](const DatabaseExchange& exchange) {
    journal.database = exchange;
    file_.save(journal);
  };
}

}  // namespace wobackup
