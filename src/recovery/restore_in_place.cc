#include "recovery/restore_in_place.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/file_lock.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "in_place/restore_journal.h"
#include "recovery/archive_origin.h"
#include "recovery/archived_config.h"
#include "recovery/archived_part.h"
#include "recovery/config_login.h"
#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"
#include "recovery/in_place_plan.h"
#include "recovery/leftovers.h"
#include "recovery/maintenance_window.h"
#include "recovery/site_check.h"
#include "recovery/site_folder.h"
#include "recovery/way_back.h"
#include "snapshot/archive_trust.h"
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
            own_progress()) {
    journal_.site = site.name;
    journal_.site_path = site.path;
    journal_.owner = live_owner(site);
    journal_.archive = archive.string();
    journal_.started = rfc3339(std::chrono::floor<std::chrono::seconds>(environment.clock.now()));
  }

  RestoredInPlace run() {
    const auto started = environment_.clock.monotonic();
    const ArchiveParts parts = parts_of(archive_, options_, environment_);
    require_possible(parts);
    // Restoring files says it by itself.
    if (!parts.files) {
      warn_of_stranger(archive_, trust_in(archive_, opened_->reader().container(), environment_.config),
                       environment_.log);
    }
    finish_the_one_before();
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
    if (total_bytes_ > 0) progress.bytes_total = total_bytes_;
  }
  // Only while the dump is loaded: what reads the archive shows a bar of its own.
  ProgressCallback own_progress() const {
    if (!options_.on_progress) return {};
    return [this](const Progress& progress) {
      if (total_bytes_ > 0) options_.on_progress(progress);
    };
  }

  // What can be known before anything is made: a restore that is refused takes nobody's --undo away.
  void require_possible(const ArchiveParts& parts) {
    opened_.emplace(archive_, environment_.config.keys, environment_.stored);
    copies_ = makes_a_copy(opened_->reader(), site_, options_);
    RoomPlan room;
    if (parts.files) {
      require_exchangeable(site_, opened_->reader(), options_.include);
      plan_room_for_files(site_.path, opened_->reader(), exchange_paths(options_.include), room);
      room.require(environment_.config);
    }
    if (!parts.database) return;
    // The backup's config files, which will be live, have a say.
    std::optional<ArchivedConfig> restored;
    if (parts.files && !copies_) {
      restored.emplace(archive_, opened_->reader(), environment_.config, environment_.stored);
    }
    const std::optional<Site> staged = restored ? restored->as_staged(site_) : std::nullopt;
    const bool wait_for_stage = restored && !staged;
    std::optional<NamedDatabase> named;
    try {
      named = database_of(site_, staged, environment_.config, cancellation_);
    } catch (const Error& error) {
      if (!wait_for_stage || error.kind() == ErrorKind::interrupted) throw;
      return;
    }
    if (!named && wait_for_stage) return;
    static_cast<void>(planned_database(named, std::move(room)));
  }

  void finish_the_one_before() {
    if (const auto pending = pending_restore_of(site_.name, environment_.config)) {
      const auto tell = [&](const std::string& what) {
        if (environment_.log) environment_.log(LogLevel::warning, fmt::format("{}: {}", site_.name, what));
      };
      tell(
          fmt::format("what the restore of {} displaced is archived and removed first; --undo takes back the new "
                      "restore then",
                      pending->started));
      const std::filesystem::path kept = finish_restore_under_lock(site_, environment_);
      if (!kept.empty()) tell(fmt::format("it is in {}", printable(kept.string())));
    }
    sweep_restore_leftovers(site_.name, site_.path, environment_.config.state_dir);
  }

  SiteLook look_before() {
    SiteLook look;
    if (!options_.check) return look;
    look_at_wordpress(site_, environment_.config, journal_.owner, cancellation_, look);
    look_at_front_page(site_, environment_.config, std::nullopt, cancellation_, look);
    return look;
  }

  void stage_files() {
    made_site_ = make_site_folder(site_.path);
    files_ = FilesInPlace::make(site_.path);
    journal_.files = files_->exchange();
    file_.save(journal_);
    RestoreOptions options;
    options.on_progress = options_.on_progress;
    options.cancelled = options_.cancelled;
    result_.staged = files_->stage(archive_, options, exchange_paths(options_.include),
                                   {environment_.config, environment_.log, environment_.stored}, [this] {
                                     journal_.files = files_->exchange();
                                     file_.save(journal_);
                                   });
    for (std::string& note : files_->notes()) result_.notes.push_back(std::move(note));
    journal_.files = files_->exchange();
    if (!made_site_) return;
    const ArchiveTrust trust = trust_in(archive_, opened_->reader().container(), environment_.config);
    give_site_folder(site_.path, trust == ArchiveTrust::recorded ? files_->stage_fd() : -1);
    if (!journal_.owner) journal_.owner = live_owner(site_);
  }

  // Files alone need none, but their config file shall name the one that the site has.
  void find_database(const ArchiveParts& parts) {
    std::optional<Site> staged;
    if (files_) {
      staged = site_;
      staged->path = files_->stage_path();
    }
    try {
      // A copy of another site must not lead to that one's database.
      named_ = database_of(site_, copies_ ? std::nullopt : staged, environment_.config, cancellation_);
    } catch (const Error& error) {
      if (parts.database || copies_ || error.kind() == ErrorKind::interrupted) throw;
    }
    if (!staged) return;
    if (copies_) return keep_own_login(*staged);
    // A path that was asked for by name comes as it was.
    if (!named_ || !named_->by_live || !options_.include.empty()) return;
    for (const std::string& file : keep_login(*staged, *named_->database.login, result_.notes)) {
      result_.notes.push_back(
          fmt::format("{} names the database login that the site has now, not the backup's", printable(file)));
    }
  }

  void keep_own_login(const Site& staged) {
    std::vector<std::string> problems;
    bool names_one = false;
    if (named_) {
      for (const std::string& file : keep_login(staged, *named_->database.login, problems)) {
        result_.notes.push_back(fmt::format("{} names the database login of {}", printable(file), site_.name));
      }
    } else {
      names_one = resolve_database(staged, environment_.config.for_site(site_.name), false).login.has_value();
    }
    if (problems.empty() && !names_one) return;
    throw Error(ErrorKind::failed,
                fmt::format("{}: the backup's config file would lead it to another site's database", site_.name),
                "restore with --target, change the config file, and put it in place by hand");
  }

  // Planned, and nothing speaks against it.
  DatabaseInPlace planned_database(const std::optional<NamedDatabase>& named, RoomPlan room = {}) {
    if (!named) {
      throw Error(ErrorKind::usage, fmt::format("{} has no database to restore into", site_.name),
                  "restore the files alone with --files, or name the database in wobackup.toml");
    }
    require_own(named->database, options_, environment_.config);
    const DatabaseWish wish{.archive = archive_,
                            .only_tables = options_.tables,
                            .live_load = options_.live_load,
                            .collation = dumped_collation(opened_->reader())};
    DatabaseInPlace database = DatabaseInPlace::plan(site_, named->database, wish, environment_, cancellation_);
    if (!dump_) {
      dump_.emplace(
          opened_->reader(), [this] { return spool_in(environment_.config.state_dir); }, cancellation_);
    }
    if (environment_.stored && database.loads_into_live()) {
      throw Error(
          ErrorKind::usage,
          fmt::format("{}: the dump would be loaded straight into the live database: its archive must stay here "
                      "until that is done",
                      site_.name),
          "`wobackup copy BACKUP --from STORE --to /A/FOLDER` brings it here; then restore that");
    }
    database.preflight(*dump_, std::move(room), cancellation_);
    return database;
  }

  void load_database() {
    database_ = planned_database(named_);
    const ArchivedDump& dump = *dump_;
    if (database_->loads_into_live()) warn_of_live_load();
    journal_.database = database_->exchange();
    file_.save(journal_);
    monitor_.enter_phase("database");
    LoadOptions options;
    options.on_progress = [this](std::uint64_t done, std::uint64_t total) {
      loaded_bytes_ = done;
      total_bytes_ = total;
    };
    database_->on_progress = options.on_progress;
    const LoadResult loaded = database_->load(dump, options, cancellation_);
    journal_.database = database_->exchange();
    result_.database = database_->exchange().live;
    count(loaded);
    result_.notes.insert(result_.notes.end(), loaded.notes.begin(), loaded.notes.end());
  }

  void count(const LoadResult& loaded) {
    result_.tables = loaded.rows.size();
    for (const auto& [table, rows] : loaded.rows) result_.rows += rows;
  }

  void warn_of_live_load() const {
    if (!environment_.log) return;
    environment_.log(LogLevel::warning,
                     fmt::format("{}: the database is not exchanged in a moment: the dump is loaded straight into it, "
                                 "after a backup of it. WordPress shows its maintenance page meanwhile; other programs "
                                 "see a half-loaded database",
                                 site_.name));
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
    if (made_site_) ::rmdir(site_.path.c_str());
    file_.remove();
  }

  void exchange_and_check(const SiteLook& before) {
    MaintenanceWindow maintenance(site_.name, environment_.clock);
    std::optional<Error> failed;
    try {
      monitor_.enter_phase("exchange");
      if (::access(site_.path.c_str(), F_OK) == 0) {
        const UniqueFd site = open_trusted_directory(site_.path, false);
        maintenance.add(site.get(), journal_.folder_times);
      }
      if (files_) maintenance.add(files_->stage_fd(), journal_.folder_times);
      if (files_) {
        files_->refresh();
        journal_.files = files_->exchange();
      }
      journal_.phase = JournalPhase::swapping;
      file_.save(journal_);
      options_.despite_maintenance ? maintenance.enter_if_possible(environment_.log) : maintenance.enter();
      if (database_) {
        for (std::string& note : database_->forward(persist(), environment_.log, cancellation_)) {
          result_.notes.push_back(std::move(note));
        }
        if (database_->loaded()) count(*database_->loaded());
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
    look_at_wordpress(site_, environment_.config, journal_.owner, cancellation_, after);
    // While the maintenance page is shown, nothing else can be seen.
    if (!after.wordpress_problem || before.wordpress_problem) {
      maintenance.leave();
      look_at_front_page(site_, environment_.config, before.http_status, cancellation_, after);
    }
    std::vector<std::string> notes;
    if (copies_) forgive_other_address(after, notes);
    if (const auto broken = newly_broken(before, after, notes)) {
      throw Error(ErrorKind::rolled_back,
                  fmt::format("{}: the site does not run from this backup: {}", site_.name, *broken),
                  // Of a roll-back nobody has given the options.
                  options_.despite_maintenance ? "" : "--no-check keeps what is restored, whatever the site says then");
    }
    result_.notes.insert(result_.notes.end(), notes.begin(), notes.end());
    result_.wordpress = after.version;
    result_.http_status = after.http_status;
  }

  // A copy's database still has the addresses of the site that it is a copy of, and WordPress leads there.
  void forgive_other_address(SiteLook& after, std::vector<std::string>& notes) const {
    if (!after.http_status || *after.http_status < 300 || *after.http_status > 399) return;
    after.http_problem.reset();
    notes.push_back(
        "the front page leads elsewhere: the copy still has the other site's address; see wp search-replace");
  }

  void take_back(MaintenanceWindow& maintenance, const Error& error) {
    std::vector<std::string> lost;
    try {
      maintenance.leave();
      maintenance.enter_if_possible(environment_.log);
      lost = go_back(files_, database_);
      if (files_) maintenance.expect(files_->times(false));
      maintenance.leave();
      remove_leftovers();
    } catch (const Error& second) {
      throw Error(ErrorKind::rollback_failed,
                  fmt::format("{}; and the way back failed: {}", error.message(), second.message()),
                  with_way_back(second.hint(), site_.name));
    }
    std::string as_before(kAsBeforeTheRestore);
    for (const std::string& note : lost) {
      as_before += (&note == lost.data() ? ", except for what was broken already: " : "; ") + note;
      if (environment_.log) environment_.log(LogLevel::warning, fmt::format("{}: {}", site_.name, note));
    }
    if (error.kind() == ErrorKind::interrupted) throw Error(error);
    throw Error(ErrorKind::rolled_back, error.message(),
                error.hint().empty() ? as_before : fmt::format("{}; {}", as_before, error.hint()));
  }

  // The restore is done; what comes now cannot undo that.
  void settle() {
    journal_.phase = JournalPhase::done;
    file_.save(journal_);
    if (files_) result_.exchanged = files_->paths();
    if (database_ && database_->loads_into_live()) {
      result_.safety_archive = database_->exchange().live_load->safety.archive;
    }
    try {
      if (database_) database_->remove_shadow();
      for (std::string& note : flush_site_caches(site_, environment_.config, journal_.owner, cancellation_)) {
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
  std::optional<OpenArchive> opened_;
  std::optional<ArchivedDump> dump_;
  bool copies_ = false;     // the site becomes a copy of another one
  bool made_site_ = false;  // its folder was gone
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
  require_not_interrupted(site.name, environment.config);
  InPlaceOptions wanted;
  {
    const OpenArchive opened(archive, environment.config.keys, environment.stored);
    static_cast<void>(makes_a_copy(opened.reader(), site, options));
    wanted = within_part(opened.reader(), options);
  }
  require_proven(archive, wanted, environment);
  const StateFolder state(environment.config.state_dir);
  const FileLock lock(state.lock_file(site.name), fmt::format("restore {}", site.name), options.wait,
                      options.cancelled);
  require_not_interrupted(site.name, environment.config);  // somebody else's meanwhile
  const JournalFile file(state.path(), site.name);
  RestoredInPlace restored = Restoring(site, archive, wanted, environment, file).run();
  if (wanted.include.size() != options.include.size() || wanted.tables.size() != options.tables.size()) {
    restored.notes.insert(restored.notes.begin(),
                          "the archive holds only a part of the site: the rest stayed as it is");
  }
  return restored;
}

}  // namespace wobackup
