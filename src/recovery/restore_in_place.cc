#include "recovery/restore_in_place.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/file_lock.h"
#include "base/host_name.h"
#include "base/text.h"
#include "in_place/restore_journal.h"
#include "recovery/config_login.h"
#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"
#include "recovery/in_place_plan.h"
#include "recovery/maintenance_window.h"
#include "recovery/site_check.h"
#include "recovery/way_back.h"
#include "snapshot/run_monitor.h"
#include "snapshot/state_folder.h"

namespace wobackup {
namespace {

// One restore, from the archive to the end. What it has begun is in the journal before it is done.
class Restoring {
 public:
  Restoring(const Site& site, const std::filesystem::path& archive, const InPlaceOptions& options,
            const InPlaceEnvironment& environment, const JournalFile& file)
      : site_(site),
        archive_(archive),
        options_(options),
        environment_(environment),
        file_(file),
        monitor_(
            site.name, [this](Progress& progress) { sample(progress); }, cancellation_, options.cancelled,
            options.on_progress) {
    journal_.site = site.name;
    journal_.site_path = site.path;
    journal_.archive = archive.string();
    journal_.started = rfc3339(std::chrono::floor<std::chrono::seconds>(environment.clock.now()));
  }

  RestoredInPlace run() {
    const auto started = environment_.clock.monotonic();
    const ArchiveParts parts = parts_of(archive_, options_, environment_.config);
    const SiteLook before = look_before();
    try {
      if (parts.files) stage_files();
      find_database(parts);
      if (parts.database) load_database();
      cancellation_.check();
    } catch (const Error& error) {
      drop_what_was_staged(error);
      throw;
    }
    exchange_and_check(before);
    settle();
    result_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(environment_.clock.monotonic() - started);
    return std::move(result_);
  }

 private:
  void sample(Progress& progress) {
    progress.bytes_done = loaded_bytes_;
    progress.bytes_total = total_bytes_;
  }

  SiteLook look_before() {
    SiteLook look;
    if (!options_.check) return look;
    look_at_wordpress(site_, environment_.config, cancellation_, look);
    look_at_front_page(site_, environment_.config, std::nullopt, cancellation_, look);
    return look;
  }

  void stage_files() {
    static_cast<void>(open_site(site_.path));
    files_ = FilesInPlace::make(site_.path);
    journal_.files = files_->exchange();
    file_.save(journal_);
    RestoreOptions options;
    options.on_progress = options_.on_progress;
    options.cancelled = options_.cancelled;
    result_.staged = files_->stage(archive_, options, exchange_paths(options_.include),
                                   {environment_.config, environment_.log}, [this] {
                                     journal_.files = files_->exchange();
                                     file_.save(journal_);
                                   });
    result_.notes = files_->notes();
    journal_.files = files_->exchange();
  }

  // Files alone need none, but their config file shall name the one that the site has.
  void find_database(const ArchiveParts& parts) {
    std::optional<Site> staged;
    if (files_) {
      staged = site_;
      staged->path = files_->stage_path();
    }
    try {
      named_ = database_of(site_, staged, environment_.config, cancellation_);
    } catch (const Error& error) {
      if (parts.database || error.kind() == ErrorKind::interrupted) throw;
    }
    // A path that was asked for by name comes as it was.
    if (!named_ || !named_->by_live || !staged || !options_.include.empty()) return;
    for (const std::string& file : keep_login(*staged, *named_->database.login, result_.notes)) {
      result_.notes.push_back(
          fmt::format("{} names the database login that the site has now, not the backup's", printable(file)));
    }
  }

  void load_database() {
    const Config& config = environment_.config;
    if (!named_) {
      throw Error(ErrorKind::usage, fmt::format("{} has no database to restore into", site_.name),
                  "restore the files alone with --files, or name the database in wobackup.toml");
    }
    require_own(named_->database, options_, config);
    database_ = DatabaseInPlace::plan(site_, named_->database, config, options_.tables, cancellation_);
    journal_.database = database_->exchange();
    file_.save(journal_);
    const OpenArchive archive(archive_, config.keys);
    const ArchivedDump dump(
        archive.reader(), [this] { return spool_in(environment_.config.state_dir); }, cancellation_);
    database_->preflight(dump, config, cancellation_);
    monitor_.enter_phase("database");
    LoadOptions options;
    options.on_progress = [this](std::uint64_t done, std::uint64_t total) {
      loaded_bytes_ = done;
      total_bytes_ = total;
    };
    const LoadResult loaded = database_->load(dump, options, cancellation_);
    journal_.database = database_->exchange();
    result_.database = database_->exchange().live;
    result_.tables = loaded.rows.size();
    for (const auto& [table, rows] : loaded.rows) result_.rows += rows;
    result_.notes.insert(result_.notes.end(), loaded.notes.begin(), loaded.notes.end());
  }

  // Nothing live was touched.
  void drop_what_was_staged(const Error& error) {
    try {
      remove_leftovers();
    } catch (const Error& second) {
      throw Error(error.kind(),
                  fmt::format("{}; and what was staged is still there: {}", error.message(), second.message()),
                  fmt::format("`wobackup restore --abort {}` removes it", site_.name));
    }
  }

  void remove_leftovers() {
    journal_.phase = JournalPhase::removing;
    file_.save(journal_);
    if (database_) database_->remove_all();
    if (files_) files_->remove();
    file_.remove();
  }

  void exchange_and_check(const SiteLook& before) {
    MaintenanceWindow maintenance(site_.name, environment_.clock);
    std::optional<Error> failed;
    try {
      monitor_.enter_phase("exchange");
      const UniqueFd site = open_site(site_.path);
      maintenance.add(site.get(), journal_.folder_times);
      if (files_) maintenance.add(files_->stage_fd(), journal_.folder_times);
      if (files_) {
        files_->refresh();
        journal_.files = files_->exchange();
      }
      journal_.phase = JournalPhase::swapping;
      file_.save(journal_);
      maintenance.enter();
      if (database_) {
        for (std::string& note : database_->forward(persist(), environment_.log, cancellation_)) {
          result_.notes.push_back(std::move(note));
        }
      }
      if (files_) {
        files_->forward();
        maintenance.expect(files_->times(true));
      }
      check(before, maintenance);
      cancellation_.check();
    } catch (const Error& error) {
      failed = error;
    }
    if (!failed) return;
    take_back(maintenance, *failed);
  }

  DatabaseInPlace::Persist persist() {
    return [this](const DatabaseExchange& exchange) {
      journal_.database = exchange;
      file_.save(journal_);
    };
  }

  void check(const SiteLook& before, MaintenanceWindow& maintenance) {
    monitor_.enter_phase("check");
    if (!options_.check) return maintenance.leave();
    SiteLook after;
    look_at_wordpress(site_, environment_.config, cancellation_, after);
    // While the maintenance page is shown, nothing else can be seen.
    if (!after.wordpress_problem || before.wordpress_problem) {
      maintenance.leave();
      look_at_front_page(site_, environment_.config, before.http_status, cancellation_, after);
    }
    std::vector<std::string> notes;
    if (const auto broken = newly_broken(before, after, notes)) {
      throw Error(ErrorKind::rolled_back,
                  fmt::format("{}: the site does not run from this backup: {}", site_.name, *broken));
    }
    result_.notes.insert(result_.notes.end(), notes.begin(), notes.end());
    result_.wordpress = after.version;
    result_.http_status = after.http_status;
  }

  void take_back(MaintenanceWindow& maintenance, const Error& error) {
    try {
      maintenance.leave();
      maintenance.enter();
      go_back(files_, database_);
      if (files_) maintenance.expect(files_->times(false));
      maintenance.leave();
      remove_leftovers();
    } catch (const Error& second) {
      throw Error(
          ErrorKind::rollback_failed, fmt::format("{}; and the way back failed: {}", error.message(), second.message()),
          second.hint().empty() ? fmt::format("try again: wobackup restore --abort {}", site_.name) : second.hint());
    }
    if (error.kind() == ErrorKind::interrupted) throw Error(error);
    throw Error(
        ErrorKind::rolled_back, error.message(),
        error.hint().empty() ? "everything is as it was before" : "everything is as it was before; " + error.hint());
  }

  // The restore is done; what comes now cannot undo that.
  void settle() {
    journal_.phase = JournalPhase::done;
    file_.save(journal_);
    if (files_) result_.exchanged = files_->paths();
    try {
      if (database_) database_->remove_shadow();
      for (std::string& note : flush_site_caches(site_, environment_.config, cancellation_)) {
        result_.notes.push_back(std::move(note));
      }
    } catch (const Error& error) {
      result_.notes.push_back(error.message());
    }
    monitor_.finish();
  }

  const Site& site_;
  const std::filesystem::path& archive_;
  const InPlaceOptions& options_;
  const InPlaceEnvironment& environment_;
  const JournalFile& file_;
  Cancellation cancellation_;
  std::atomic<std::uint64_t> loaded_bytes_{0}, total_bytes_{0};
  RestoreJournal journal_;
  std::optional<FilesInPlace> files_;
  std::optional<NamedDatabase> named_;
  std::optional<DatabaseInPlace> database_;
  RestoredInPlace result_;
  RunMonitor monitor_;  // last: its thread looks at the others
};

}  // namespace

RestoredInPlace restore_in_place(const Site& site, const std::filesystem::path& archive, const InPlaceOptions& options,
                                 const InPlaceEnvironment& environment) {
  require_sense(site, options, environment.config, environment.log);
  require_proven(archive, options, environment);
  if (const auto pending = pending_restore_of(site.name, environment.config)) {
    if (pending->interrupted) {
      throw Error(ErrorKind::locked, fmt::format("{}: a restore was interrupted", site.name),
                  "finish it with `restore --resume`, or take it back with `restore --abort`");
    }
    static_cast<void>(finish_restore(site, false, environment));
  }
  const StateFolder state(environment.config.state_dir);
  const FileLock lock(state.lock_file(site.name), fmt::format("restore {}", site.name), options.wait,
                      options.cancelled);
  const JournalFile file(state.path(), site.name);
  return Restoring(site, archive, options, environment, file).run();
}

std::optional<PendingRestore> pending_restore_of(const std::string& site, const Config& config) {
  // Whoever may not look into the state folder cannot restore in place either.
  if (::access(config.state_dir.c_str(), X_OK) != 0) return std::nullopt;
  const std::optional<RestoreJournal> journal = JournalFile(config.state_dir, site).load();
  if (!journal) return std::nullopt;
  const bool ended = journal->phase == JournalPhase::done || journal->phase == JournalPhase::undone;
  return PendingRestore{.site = journal->site,
                        .archive = journal->archive,
                        .started = journal->started,
                        .interrupted = !ended,
                        .swapping = journal->phase == JournalPhase::swapping || journal->phase == JournalPhase::undoing,
                        .undone = journal->phase == JournalPhase::undone};
}

std::vector<PendingRestore> pending_restores_in(const Config& config) {
  std::vector<PendingRestore> all;
  std::error_code none;  // no such folder: there never was a restore
  for (const auto& item : std::filesystem::directory_iterator(config.state_dir / "restores", none)) {
    const std::string site = item.path().stem().string();
    if (item.path().extension() != ".json" || !host_name(site)) continue;
    try {
      if (auto pending = pending_restore_of(site, config)) all.push_back(*std::move(pending));
    } catch (const Error& error) {
      PendingRestore unknown;
      unknown.site = site;
      unknown.interrupted = true;
      unknown.problem = error.message();
      all.push_back(std::move(unknown));
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.site < b.site; });
  return all;
}

}  // namespace wobackup
