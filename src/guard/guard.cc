#include "guard/guard.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/file_lock.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "guard/guard_copies.h"
#include "guard/guard_journal.h"
#include "guard/guard_lock.h"
#include "guard/guarded_command.h"
#include "guard/kept_tables.h"
#include "guard/roll_back.h"
#include "guard/site_checks.h"
#include "recovery/live_htdocs.h"
#include "recovery/restorable.h"
#include "recovery/site_check.h"
#include "site/database_login.h"
#include "snapshot/run_monitor.h"
#include "snapshot/state_folder.h"

namespace wobackup {
namespace {

// A command that could not even be started has changed nothing.
struct NotBegun {
  Error why;
};

bool has_maintenance_file(const Site& site) {
  try {
    const UniqueFd folder = open_trusted_directory(site.path, false);
    const UniqueFd htdocs = open_htdocs(folder.get());
    struct stat status {};
    return htdocs && ::fstatat(htdocs.get(), ".maintenance", &status, AT_SYMLINK_NOFOLLOW) == 0;
  } catch (const Error&) {
    return false;
  }
}

std::optional<FolderRights> rights_of(const Site& site) {
  constexpr unsigned kRights = 07777;
  struct stat status {};
  if (::stat(site.path.c_str(), &status) != 0) return std::nullopt;
  return FolderRights{status.st_mode & kRights, status.st_uid, status.st_gid};
}

// One change, from the look at the site before it to its end or the way back.
class Guarding {
 public:
  // Makes the change; what it throws is why it failed.
  using Change = std::function<void(Guarding&)>;

  Guarding(const Site& site, const GuardOptions& options, const GuardEnvironment& environment)
      : site_(site),
        options_(options),
        environment_(environment),
        started_(environment.clock.monotonic()),
        state_(environment.config.state_dir),
        lock_(state_, site.name, options.wait, options.cancelled),
        file_(state_.path(), site.name),
        checks_(SiteChecks::of(site, options, environment.config)) {
    result_.site = site.name;
    result_.type = options.type;
  }

  GuardResult run(const Change& change) {
    require_sense();
    require_rights();
    look_before();
    back_up();
    require_way_back();
    begin();
    try {
      make(change);
    } catch (const NotBegun& not_begun) {
      file_.remove();
      throw Error(not_begun.why);
    }
    if (journal_.problem.empty()) check();
    if (!journal_.problem.empty()) take_back();
    file_.remove();
    return std::move(finished());
  }

  // ---- For the change.

  // Asks whether it shall end while something of ours is running.
  template <class Action>
  auto watched(const Action& action) {
    Cancellation cancellation;
    RunMonitor monitor(site_.name, [](Progress&) {}, cancellation, options_.cancelled, {});
    const auto known = variables();
    return action(CheckContext{site_, environment_, known, cancellation});
  }

  CommandEnd run_command(const GuardCommand& command) {
    const CommandSurroundings surroundings{site_, environment_.config, variables(), lock_.fd(), options_.cancelled};
    return run_guard_command(command, surroundings);
  }
  std::vector<CheckResult> check_now() {
    return watched([&](const CheckContext& context) { return checks_.now(journal_.before, context); });
  }
  [[nodiscard]] const Created& backup() const { return *result_.backup; }
  void ended(const CommandEnd& end) { result_.command = end; }

 private:
  void enter(std::string_view phase) const {
    if (options_.on_phase) options_.on_phase(phase);
  }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> variables() const {
    return guard_variables(site_, result_.archive, options_.type, options_.reason, environment_.config);
  }

  // What would only come out after the change had better be said now.
  void require_sense() {
    if (const auto pending = file_.load()) {
      throw Error(
          ErrorKind::locked, fmt::format("{}: a guard that began {} was killed", site_.name, pending->started),
          fmt::format("keep its change with `wobackup guard --resume {0}`, if the site is well, or take it back "
                      "with `wobackup guard --abort {0}`",
                      site_.name));
    }
    require_not_interrupted(site_.name, environment_.config);
    places_ = environment_.stores.places(site_, options_);
    // An encrypted backup that only somebody else can open would be no way back.
    openable_ = openable_stores(site_, places_, environment_.config);
    keep_rows_ = options_.keep_rows ? options_.keep_rows : environment_.config.guard.keep_rows;
    if (!keep_rows_) keep_rows_ = default_keep_rows();
    static_cast<void>(KeptTables(*keep_rows_, {}));
    if (options_.type == BackupType::files) return;
    const SiteDatabase database = resolve_database(site_, environment_.config.for_site(site_.name), true);
    if (database.sqlite) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} keeps its database in a file, which cannot be rolled back in place", site_.name),
                  "guard its files with --type files, and back up the database with `wobackup create --db`");
    }
    has_database_ = database.login.has_value();
    for (const std::string& more : database.additional) {
      result_.notes.push_back(
          fmt::format("the database {} is backed up, but not rolled back by itself", printable(more)));
    }
  }

  [[nodiscard]] InPlaceOptions way_back() const {
    return roll_back_options(options_.type, options_.shared, options_.live_load || environment_.config.guard.live_load);
  }

  // Where a roll-back would find the backup.
  [[nodiscard]] ArchivePlace place_of_archive() const {
    const auto is_near = [this](const GuardPlace& place) {
      return !place.elsewhere && std::find(openable_.begin(), openable_.end(), place.store) != openable_.end();
    };
    return std::any_of(places_.all.begin(), places_.all.end(), is_near) ? ArchivePlace::here : ArchivePlace::elsewhere;
  }

  // Before a backup that would be for nothing.
  void require_rights() {
    if (options_.type == BackupType::files || !has_database_) return;
    watched([&](const CheckContext& context) {
      require_restorable_database(site_, way_back(), environment_.in_place(), context.cancellation, place_of_archive());
    });
  }

  void look_before() {
    enter("check");
    const ChecksBefore before = watched([&](const CheckContext& context) { return checks_.before(context); });
    journal_.before = before.looks;
    journal_.runs_before = before.runs;
    journal_.checks = checks_.texts();
  }

  void back_up() {
    enter("backup");
    CreateOptions create;
    create.type = options_.type;
    create.backup_root = options_.backup_root;
    create.reason = options_.reason;
    create.metadata_extra = options_.metadata_extra;
    create.exclude = options_.exclude;
    create.wait = options_.wait;
    create.on_progress = options_.on_progress;
    create.cancelled = options_.cancelled;
    create.on_stored = options_.on_stored;
    for (const GuardPlace& place : places_.all) create.stores.push_back(place.store);
    result_.backup = environment_.stores.create(site_, create);
    result_.archive = result_.backup->archive;
    result_.stores = result_.backup->stores;
    if (options_.on_stored) std::for_each(result_.stores.begin(), result_.stores.end(), options_.on_stored);
    if (result_.backup->complete) {
      journal_.copies = usable_copies(site_, *result_.backup, places_, openable_);
      return;
    }
    const PathNote& first = result_.backup->unreadable.at(0);
    throw Error(ErrorKind::incomplete,
                fmt::format("{}: {} files could not be read, so nothing was changed: {}: {}", site_.name,
                            result_.backup->unreadable_count, printable(first.path), first.what),
                "without a complete backup nothing could be taken back; mend it, or leave the files out (exclude)");
  }

  // From the first copy that could be restored: reading it proves, too, that the store gives back what it took.
  void require_way_back() {
    std::optional<Error> first;
    std::vector<GuardCopy>& copies = journal_.copies;
    for (auto copy = copies.begin(); copy != copies.end(); ++copy) {
      const bool another = copy + 1 != copies.end() && !places_.own_folder_needed;
      try {
        require_way_back_from(*copy, another ? StorePatience::brief : StorePatience::full);
        std::rotate(copies.begin(), copy, copy + 1);
        result_.archive = copies.front().archive;
        return;
      } catch (const Error& error) {
        if (!first) first = error;
        if (!another || !another_copy_may_do(error)) break;
        result_.notes.push_back("the backup could not be read back from " + problem_of(*copy, error));
      }
    }
    throw Error(*first);
  }

  void require_way_back_from(const GuardCopy& copy, StorePatience patience) {
    watched([&](const CheckContext& context) {
      const InPlaceEnvironment in_place =
          environment_.in_place(environment_.stores.open(copy, patience, options_.cancelled));
      require_restorable(site_, copy.archive, way_back(), in_place, context.cancellation);
    });
  }

  // From here on a kill leaves something to decide.
  void begin() {
    journal_.site = site_;
    journal_.site.recorded_password.reset();
    journal_.type = options_.type;
    journal_.reason = options_.reason;
    journal_.started = rfc3339(std::chrono::floor<std::chrono::seconds>(environment_.clock.now()));
    journal_.shared = options_.shared;
    journal_.live_load = way_back().live_load;
    journal_.keep_rows = *keep_rows_;
    journal_.table_prefix = table_prefix_of(site_);
    journal_.maintenance_before = has_maintenance_file(site_);
    journal_.folder = rights_of(site_);
    if (options_.cancelled && options_.cancelled())
      throw Error(ErrorKind::interrupted, "interrupted; nothing was changed");
    file_.save(journal_);
  }

  void make(const Change& change) {
    enter("change");
    try {
      change(*this);
    } catch (const NotBegun&) {
      throw;
    } catch (const std::exception& error) {
      journal_.problem = printable(error.what());
    } catch (...) {
      journal_.problem = "the change failed";
    }
    if (journal_.problem.empty() && options_.cancelled && options_.cancelled()) journal_.problem = "interrupted";
  }

  // Whatever goes wrong from here on, the change is made: it is a reason to take it back.
  void check() {
    try {
      enter_check();
      forget_caches(site_, environment_, result_.notes);
      result_.checks = check_now();
      journal_.problem = first_failure(result_.checks).value_or("");
    } catch (const Error& error) {
      journal_.problem = error.message();
    } catch (const std::exception& error) {
      journal_.problem = printable(error.what());
    }
  }

  void enter_check() {
    enter("check");
    journal_.phase = GuardPhase::check;
    try {
      file_.save(journal_);
    } catch (const Error& error) {
      // The change may have filled the disk. What is written there says that it was begun, and that is enough.
      result_.notes.push_back("the guard's state could not be written again: " + error.message());
    }
  }

  [[noreturn]] void take_back() {
    enter("roll-back");
    result_.elapsed = elapsed();
    // The registry's password, which no journal has.
    journal_.site.recorded_password = site_.recorded_password;
    roll_back(journal_, file_, environment_, options_.on_progress, result_);
    throw_rolled_back(journal_, finished());
  }

  [[nodiscard]] std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(environment_.clock.monotonic() - started_);
  }
  GuardResult& finished() {
    result_.elapsed = elapsed();
    return result_;
  }

  const Site& site_;
  const GuardOptions& options_;
  const GuardEnvironment& environment_;
  const std::chrono::steady_clock::time_point started_;
  const StateFolder state_;
  const GuardLock lock_;
  const GuardJournalFile file_;
  SiteChecks checks_;
  GuardPlaces places_;
  std::vector<std::string> openable_;
  std::optional<std::vector<std::string>> keep_rows_;
  bool has_database_ = false;
  GuardJournal journal_;
  GuardResult result_;
};

}  // namespace

GuardResult guard_change(const Site& site, const GuardOptions& options,
                         const std::function<void(const GuardedChange&)>& change, const GuardEnvironment& environment) {
  return Guarding(site, options, environment).run([&](Guarding& guarding) {
    change({.site = site,
            .backup = guarding.backup(),
            .cancelled = [&options] { return options.cancelled && options.cancelled(); },
            .check_now = [&guarding] { return guarding.check_now(); },
            .run = [&guarding](const GuardCommand& command) { return guarding.run_command(command); }});
  });
}

GuardResult guard_command(const Site& site, const GuardOptions& options, const GuardCommand& command,
                          const GuardEnvironment& environment) {
  require_runnable(command, site);
  return Guarding(site, options, environment).run([&](Guarding& guarding) {
    CommandEnd end;
    try {
      end = guarding.run_command(command);
    } catch (const Error& error) {
      throw NotBegun{Error(error.kind(), error.message() + "; nothing was changed", error.hint())};
    }
    guarding.ended(end);
    if (const auto failure = failure_of(end)) throw Error(ErrorKind::failed, *failure);
  });
}

}  // namespace wobackup
