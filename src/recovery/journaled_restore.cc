#include "recovery/journaled_restore.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/safe_path.h"
#include "recovery/maintenance_window.h"
#include "site/catalog.h"
#include "wobackup/error.h"

namespace wobackup {

JournaledRestore::JournaledRestore(const std::string& name, const char* purpose, const InPlaceEnvironment& environment,
                                   std::chrono::seconds wait)
    : environment_(environment),
      state_(environment.config.state_dir),
      lock_(state_.lock_file(name), fmt::format("{} {}", purpose, name), wait, {}),
      file_(state_.path(), name) {
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
  if (journal.files && (journal.phase != JournalPhase::removing || has_stage())) {
    files = FilesInPlace::open(journal.site_path, *journal.files);
  }
  if (journal.database) database = DatabaseInPlace::open(site, *journal.database, environment_);
}

void JournaledRestore::enter(JournalPhase phase) {
  journal.phase = phase;
  file_.save(journal);
}

void JournaledRestore::in_maintenance(const std::function<void()>& change) {
  MaintenanceWindow maintenance(journal.site, environment_.clock);
  const UniqueFd folder = open_trusted_directory(journal.site_path, false);
  maintenance.add(folder.get(), journal.folder_times);
  if (files) maintenance.add(files->stage_fd(), journal.folder_times);
  file_.save(journal);
  maintenance.enter();
  change();
  if (files) maintenance.expect(files->times(went_forward_));
}

void JournaledRestore::forward() {
  if (database) {
    const Cancellation never;
    for (const std::string& note : database->forward(persist(), environment_.log, never)) {
      if (environment_.log) environment_.log(LogLevel::info, note);
    }
  }
  if (files) files->forward();
  went_forward_ = true;
}

void JournaledRestore::undo() {
  if (database) database->undo(persist(), environment_.log);
  if (files) files->back();
}

void JournaledRestore::forget() {
  enter(JournalPhase::removing);
  if (database) database->remove_all();
  if (files) files->remove();
  file_.remove();
}

bool JournaledRestore::has_stage() const {
  const std::filesystem::path stage = journal.site_path / journal.files->stage;
  return ::access(stage.c_str(), F_OK) == 0;
}

DatabaseInPlace::Persist JournaledRestore::persist() {
  return [this](const DatabaseExchange& exchange) {
    journal.database = exchange;
    file_.save(journal);
  };
}

}  // namespace wobackup
