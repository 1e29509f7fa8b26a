#include "recovery/way_back.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "base/file_lock.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "recovery/maintenance_window.h"
#include "recovery/restore_in_place.h"
#include "recovery/site_check.h"
#include "snapshot/backup_target.h"
#include "snapshot/create.h"
#include "snapshot/state_folder.h"

namespace wobackup {
namespace {

// A journal and all that it names, under the site's lock.
class Pending {
 public:
  Pending(const std::string& site, const char* purpose, const InPlaceEnvironment& environment)
      : environment_(environment),
        state_(environment.config.state_dir),
        lock_(state_.lock_file(site), fmt::format("{} {}", purpose, site), std::chrono::seconds(0), {}),
        file_(state_.path(), site) {
    std::optional<RestoreJournal> found = file_.load();
    if (!found) throw Error(ErrorKind::not_found, fmt::format("{}: there is no restore to {}", site, purpose));
    journal = *std::move(found);
  }

  /// Finds stage and database server again.
  void open() {
    if (journal.files && (journal.phase != JournalPhase::removing || has_stage())) {
      files = FilesInPlace::open(journal.site_path, *journal.files);
    }
    if (journal.database) database = DatabaseInPlace::open(*journal.database, environment_.config);
  }

  void enter(JournalPhase phase) {
    journal.phase = phase;
    file_.save(journal);
  }

  /// Runs what changes the live site while its visitors are kept away. Also removes what a killed run left of that.
  void in_maintenance(const std::function<void()>& change) {
    MaintenanceWindow maintenance(journal.site, environment_.clock);
    const UniqueFd site = open_trusted_directory(journal.site_path, false);
    maintenance.add(site.get(), journal.folder_times);
    if (files) maintenance.add(files->stage_fd(), journal.folder_times);
    file_.save(journal);
    maintenance.enter();
    change();
  }

  DatabaseInPlace::Persist persist() {
    return [this](const DatabaseExchange& exchange) {
      journal.database = exchange;
      file_.save(journal);
    };
  }

  void forward() {
    if (database) {
      const Cancellation never;
      for (const std::string& note : database->forward(persist(), environment_.log, never)) tell(note);
    }
    if (files) files->forward();
  }

  void undo() {
    if (database) database->undo(persist(), environment_.log);
    if (files) files->back();
  }

  /// What is live stays, all else goes.
  void forget() {
    enter(JournalPhase::removing);
    if (database) database->remove_all();
    if (files) files->remove();
    file_.remove();
  }

  void tell(const std::string& note) const {
    if (environment_.log) environment_.log(LogLevel::info, note);
  }

  RestoreJournal journal;
  std::optional<FilesInPlace> files;
  std::optional<DatabaseInPlace> database;

 private:
  [[nodiscard]] bool has_stage() const {
    const std::filesystem::path stage = journal.site_path / journal.files->stage;
    return ::access(stage.c_str(), F_OK) == 0;
  }

  const InPlaceEnvironment& environment_;
  StateFolder state_;
  FileLock lock_;
  JournalFile file_;
};

// The site as far as its name and folder tell: the catalog may not know it any more.
void flush_caches_of(const RestoreJournal& journal, const InPlaceEnvironment& environment) {
  Site site;
  site.name = journal.site;
  site.path = journal.site_path;
  const Cancellation never;
  static_cast<void>(flush_site_caches(site, environment.config, never));
}

[[noreturn]] void throw_interrupted_before(const std::string& site) {
  throw Error(ErrorKind::usage, fmt::format("{}: the restore was interrupted", site),
              "finish it with `restore --resume`, or take it back with `restore --abort`");
}

}  // namespace

void go_back(const std::optional<FilesInPlace>& files, std::optional<DatabaseInPlace>& database) {
  std::optional<Error> failed;
  try {
    if (database) database->back();
  } catch (const Error& error) {
    failed = error;
  }
  if (files) files->back();
  if (failed) throw Error(ErrorKind::rollback_failed, failed->message(), failed->hint());
}

void resume_restore(const std::string& site, const InPlaceEnvironment& environment) {
  Pending pending(site, "resume", environment);
  const JournalPhase phase = pending.journal.phase;
  if (phase == JournalPhase::done) {
    throw Error(ErrorKind::not_found, fmt::format("{}: the restore is done; there is nothing to resume", site));
  }
  if (phase == JournalPhase::staging) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore had not replaced anything yet", site),
                "take it back with `restore --abort`, and begin anew");
  }
  pending.open();
  if (phase == JournalPhase::removing) return pending.forget();
  if (phase == JournalPhase::undoing) {
    pending.in_maintenance([&] { pending.undo(); });
    pending.forget();
    return flush_caches_of(pending.journal, environment);
  }
  try {
    pending.in_maintenance([&] { pending.forward(); });
  } catch (const Error& error) {
    throw Error(ErrorKind::failed, error.message(), "take the restore back with `restore --abort`");
  }
  pending.enter(JournalPhase::done);
  if (pending.database) pending.database->remove_shadow();
  flush_caches_of(pending.journal, environment);
}

void abort_restore(const std::string& site, const InPlaceEnvironment& environment) {
  Pending pending(site, "abort", environment);
  const JournalPhase phase = pending.journal.phase;
  if (phase == JournalPhase::done) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore is done", site), "take it back with `restore --undo`");
  }
  pending.open();
  if (phase == JournalPhase::staging || phase == JournalPhase::removing) return pending.forget();
  pending.in_maintenance([&] {
    if (phase == JournalPhase::undoing) {
      pending.undo();
    } else {
      go_back(pending.files, pending.database);
    }
  });
  pending.forget();
  flush_caches_of(pending.journal, environment);
}

void undo_restore(const std::string& site, const InPlaceEnvironment& environment) {
  Pending pending(site, "undo", environment);
  if (pending.journal.phase != JournalPhase::done) throw_interrupted_before(site);
  pending.open();
  pending.journal.folder_times.clear();
  pending.enter(JournalPhase::undoing);
  pending.in_maintenance([&] { pending.undo(); });
  pending.forget();
  flush_caches_of(pending.journal, environment);
}

std::filesystem::path finish_restore(const Site& site, const InPlaceEnvironment& environment) {
  std::optional<GivenDatabase> database;
  Site displaced = site;
  bool has_files = false;
  RestoreJournal journal;
  {
    Pending pending(site.name, "finish", environment);
    if (pending.journal.phase != JournalPhase::done) throw_interrupted_before(site.name);
    pending.open();
    has_files = pending.files && pending.files->has_displaced();
    if (has_files) displaced.path = pending.files->stage_path();
    if (pending.database) database = GivenDatabase{pending.journal.database->safety, pending.database->login()};
    journal = pending.journal;
  }
  if (!has_files && !database) {
    Pending pending(site.name, "finish", environment);
    pending.open();
    pending.forget();
    return {};
  }
  CreateOptions options;
  options.type = !database ? BackupType::files : (has_files ? BackupType::full : BackupType::database);
  options.reason = "pre-restore";
  options.backup_root = backup_root_of(site, environment.config, std::nullopt);
  options.metadata_extra = {{"restored_archive", printable(journal.archive)}};
  const Created created =
      create_displaced_snapshot(displaced, options, database, {environment.config, environment.clock, environment.log});
  if (!created.complete) {
    throw Error(ErrorKind::incomplete, fmt::format("{}: not all of what was displaced could be archived", site.name),
                fmt::format("it is kept in {}", displaced.path.string()));
  }
  Pending pending(site.name, "finish", environment);
  pending.open();
  pending.forget();
  return created.archive;
}

}  // namespace wobackup
