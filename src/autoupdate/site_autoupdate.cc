#include "autoupdate/site_autoupdate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "autoupdate/pending_updates.h"
#include "autoupdate/requirements.h"
#include "autoupdate/retention.h"
#include "autoupdate/site_readiness.h"
#include "autoupdate/table_watch.h"
#include "autoupdate/visual_check.h"
#include "autoupdate/wp_commands.h"
#include "base/clock.h"
#include "base/text.h"
#include "recovery/site_check.h"
#include "service/guard_stores.h"
#include "service/open_store.h"
#include "snapshot/run_monitor.h"
#include "snapshot/update_reasons.h"

namespace wobackup {
namespace {

std::string now_text() { return rfc3339(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())); }

// Each update by itself, or all together.
std::vector<PendingUpdates> steps_of(const PendingUpdates& pending, bool one_by_one) {
  PendingUpdates wanted;
  wanted.core = pending.core;
  wanted.plugins = pending.plugins;
  wanted.themes = pending.themes;
  if (!one_by_one) return {wanted};
  std::vector<PendingUpdates> steps;
  const auto add = [&steps]() -> PendingUpdates& { return steps.emplace_back(); };
  if (pending.core) add().core = pending.core;
  for (const Update& plugin : pending.plugins) add().plugins.push_back(plugin);
  for (const Update& theme : pending.themes) add().themes.push_back(theme);
  return steps;
}

// The last lines of a text.
void add_lines(std::string_view text, std::vector<std::string>& lines) {
  constexpr std::size_t kMostLines = 10, kLongestLine = 300;
  const std::vector<std::string_view> all = split(trim(text), '\n');
  for (std::size_t i = all.size() - std::min(all.size(), kMostLines); i < all.size(); ++i) {
    if (!trim(all[i]).empty()) lines.push_back(printable(all[i].substr(0, kLongestLine)));
  }
}

UpdateCommand told(const WpRun& run) {
  UpdateCommand command{run.command, end_text(run), {}, run.elapsed};
  add_lines(run.watched.out, command.printed);
  add_lines(run.watched.err, command.printed);
  return command;
}

std::vector<std::string> names_of(const std::vector<Update>& updates) {
  std::vector<std::string> names;
  names.reserve(updates.size());
  for (const Update& update : updates) names.push_back(update.name);
  return names;
}

class SiteRun {
 public:
  SiteRun(Service& service, const Site& site, const AutoupdateOptions& options)
      : service_(service),
        config_(service.config()),
        site_(site),
        options_(options),
        monitor_(site.name, [](Progress&) {}, cancellation_, options.cancelled, {}) {
    result_.site = site.name;
  }

  SiteAutoupdate run() {
    const auto started = std::chrono::steady_clock::now();
    try {
      go();
    } catch (const Error& error) {
      result_.state = AutoupdateState::failed;
      note_error(error);
    }
    result_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    return std::move(result_);
  }

 private:
  void go() {
    enter("ask");
    const FileLock lock = autoupdate_lock(config_, site_.name, options_);
    require_settled(service_, site_.name);
    if (!is_wordpress(site_)) {
      throw Error(ErrorKind::usage, fmt::format("{} is no WordPress: there is no htdocs/wp-load.php", site_.name));
    }
    require_no_maintenance(site_);
    WpCli wp(site_, config_, cancellation_);
    wp.on_run([this](const WpRun& run) { result_.commands.push_back(told(run)); });
    result_.pending = ask_pending_updates(wp, wish());
    hold_back_what_cannot_run();
    const bool nothing = result_.pending.empty();
    if (nothing && !options_.backup_only) return;
    if (options_.dry_run) {
      result_.state = AutoupdateState::planned;
      return;
    }
    if (options_.backup_only) {
      back_up();
    } else {
      update(wp);
    }
  }

  // WP-CLI tells it in its newer versions only.
  void hold_back_what_cannot_run() {
    if (result_.pending.empty()) return;
    std::string why_not;
    const auto unmet = unmet_requirements(site_, config_, cancellation_, why_not);
    if (unmet) return hold_back(result_.pending, *unmet);
    result_.notes.push_back("what the updates need of PHP and WordPress is not known: " + why_not);
  }

  [[nodiscard]] UpdateWish wish() const {
    UpdateWish wish;
    wish.core = options_.core;
    wish.plugins = options_.plugins;
    wish.themes = options_.themes;
    wish.minor_only = options_.minor_only || config_.autoupdate.minor_only;
    wish.exclude = config_.for_site(site_.name).autoupdate.exclude;
    wish.exclude.insert(wish.exclude.end(), options_.exclude.begin(), options_.exclude.end());
    return wish;
  }

  [[nodiscard]] static Json metadata(const char* reason, const PendingUpdates& updates) {
    return {{"backup_type", reason}, {"autoupdate_timestamp", now_text()}, {"pending_updates", json_of(updates)}};
  }

  void back_up() {
    enter("backup");
    CreateOptions create;
    create.backup_root = options_.backup_root;
    create.reason = kAutoupdateReason;
    create.metadata_extra = metadata(kAutoupdateReason, result_.pending);
    create.wait = options_.wait;
    create.on_progress = options_.on_progress;
    create.cancelled = options_.cancelled;
    const Created created = service_.create(site_, create);
    result_.archive = created.archive;
    result_.state = AutoupdateState::backed_up;
    if (!created.complete) {
      note_error({ErrorKind::incomplete,
                  fmt::format("{}: {} paths could not be read: the backup is incomplete", site_.name,
                              created.unreadable_count),
                  "`wobackup info` names them"});
    }
    retire(created.archive, kAutoupdateReason);
  }

  void update(const WpCli& wp) {
    const bool looks = options_.visual && config_.autoupdate.visual;
    std::optional<VisualCheck> visual = looks ? VisualCheck::find(site_, config_, cancellation_) : std::nullopt;
    if (visual) {
      enter("look");
      visual->before();
    }
    const std::vector<PendingUpdates> steps =
        steps_of(result_.pending, options_.one_by_one || config_.autoupdate.one_by_one);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const bool first = i == 0;
      if (!take_step(wp, steps[i], first ? kAutoupdateReason : kSingleUpdateReason, visual)) break;
    }
    settle();
  }

  // Whether the next step may be taken.
  bool take_step(const WpCli& wp, const PendingUpdates& updates, const char* reason,
                 std::optional<VisualCheck>& visual) {
    const auto started = std::chrono::steady_clock::now();
    UpdateStep& step = result_.steps.emplace_back();
    step.updates = updates;
    // The first backup tells of everything that the run is about to do.
    const bool first = result_.steps.size() == 1;
    GuardOptions guard;
    guard.type = BackupType::full;
    guard.reason = reason;
    guard.metadata_extra = metadata(reason, first ? result_.pending : updates);
    guard.backup_root = options_.backup_root;
    guard.wait = options_.wait;
    guard.on_progress = options_.on_progress;
    if (!first) {
      guard.exclude = config_.autoupdate.one_by_one_exclude;
      // It is removed again in a moment: one is enough, the nearest.
      if (!guard.backup_root) guard.stores = {nearest_store()};
    }
    guard.on_phase = [this](std::string_view phase) { enter(phase); };
    guard.cancelled = options_.cancelled;
    bool goes_on = true;
    try {
      const GuardResult done =
          service_.guard(site_, guard, [&](const GuardedChange& change) { apply(wp, updates, change, step, visual); });
      step.kept = true;
      take_facts(done, step);
    } catch (const GuardFailed& error) {
      step.rolled_back = error.kind() != ErrorKind::rollback_failed;
      step.error = error;
      take_facts(error.result(), step);
      goes_on = step.rolled_back && !cancellation_.cancelled();
    } catch (const Error& error) {
      step.error = error;  // nothing was changed
      goes_on = false;
    }
    if (first) result_.archive = step.archive;
    if (step.error) note_error(*step.error);
    step.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    return goes_on;
  }

  [[nodiscard]] std::string nearest_store() const {
    const std::vector<std::string> stores = default_guard_stores(site_, config_);
    const auto own = std::find(stores.begin(), stores.end(), kOwnFolderStore);
    return own != stores.end() ? *own : stores.front();
  }

  static void take_facts(const GuardResult& facts, UpdateStep& step) {
    step.archive = facts.archive;
    for (const Stored& stored : facts.stores) {
      if (!stored.error) continue;
      step.notes.push_back(
          fmt::format("{} does not have the backup: {}", printable(stored.store), stored.error->message()));
    }
    step.checks = facts.checks;
    step.kept_rows = facts.kept_rows;
    step.notes.insert(step.notes.end(), facts.notes.begin(), facts.notes.end());
  }

  // The change itself. It fails by throwing, and the guard takes it back.
  void apply(const WpCli& wp, const PendingUpdates& updates, const GuardedChange& change, UpdateStep& step,
             std::optional<VisualCheck>& visual) {
    std::string why_not;
    const std::optional<TableState> tables = look_at_tables(site_, config_, cancellation_, why_not);
    if (!tables) step.notes.push_back("the tables were not watched: " + why_not);
    if (updates.core) {
      update_core(wp, wish().minor_only, updates.core->to, step.notes);
      update_core_database(wp, step.notes);
    }
    for (const ExtensionKind kind : {ExtensionKind::plugin, ExtensionKind::theme}) {
      const std::vector<Update>& wanted = kind == ExtensionKind::plugin ? updates.plugins : updates.themes;
      if (wanted.empty()) continue;
      update_extensions(wp, kind, names_of(wanted));
      load_new_code(wp, kind, wanted, step);
    }
    if (tables) watch_tables(*tables);
    for (std::string& note : flush_site_caches(site_, config_, live_owner(site_), cancellation_))
      step.notes.push_back(std::move(note));
    if (visual) look(change, *visual);
  }

  // WP-CLI has run the old code. The first load of the new one is when plugins bring their tables up to date, and when
  // mistakes in them show; it must not be a visitor's.
  static void load_new_code(const WpCli& wp, ExtensionKind kind, const std::vector<Update>& updates, UpdateStep& step) {
    const std::map<std::string, std::string> installed = installed_versions(wp, kind);
    for (const Update& update : updates) {
      const auto found = installed.find(update.name);
      if (found != installed.end() && found->second != update.from) continue;
      step.notes.push_back(fmt::format("{} was updated to {}, but still says that it is {}", update.name, update.to,
                                       found == installed.end() ? "nothing" : found->second));
    }
  }

  void watch_tables(const TableState& before) const {
    std::string why_not;
    const std::optional<TableState> after = look_at_tables(site_, config_, cancellation_, why_not);
    if (!after) {
      throw Error(ErrorKind::failed, "after the update: " + why_not);  // before it, this could be asked
    }
    const std::string emptied = emptied_tables(before, *after, config_.autoupdate.may_empty);
    if (emptied.empty()) return;
    throw Error(ErrorKind::failed,
                "the update emptied tables: " + emptied + " (autoupdate.may_empty names those that may become empty)");
  }

  // Last, and only of a site that runs: a picture of an error page is no help.
  static void look(const GuardedChange& change, VisualCheck& visual) {
    for (const CheckResult& check : change.check_now()) {
      if (check.state == CheckState::failed) {
        throw Error(ErrorKind::failed, fmt::format("the check {} failed: {}", check.check, check.what));
      }
    }
    visual.after();
  }

  void settle() {
    const auto count = [this](bool UpdateStep::*which) {
      return std::count_if(result_.steps.begin(), result_.steps.end(), [=](const auto& step) { return step.*which; });
    };
    const auto kept = count(&UpdateStep::kept), back = count(&UpdateStep::rolled_back);
    const bool back_failed = result_.error && result_.error->kind() == ErrorKind::rollback_failed;
    if (back_failed) {
      result_.state = AutoupdateState::rollback_failed;
    } else if (kept == static_cast<std::ptrdiff_t>(result_.steps.size())) {
      result_.state = AutoupdateState::updated;
    } else if (kept > 0) {
      result_.state = AutoupdateState::partly_updated;
    } else {
      result_.state = back > 0 ? AutoupdateState::rolled_back : AutoupdateState::failed;
    }
    // As long as the site is not whole, nothing is thrown away.
    if (back_failed || cancellation_.cancelled()) return;
    remove_passed();
    retire_all();
  }

  // Of single updates that stay, the backup before the first one is enough.
  void remove_passed() {
    for (std::size_t i = 1; i < result_.steps.size(); ++i) {
      UpdateStep& step = result_.steps[i];
      if (!step.kept || step.archive.empty()) continue;
      try {
        remove_backup(service_, site_.name, step.archive);
        step.archive.clear();
      } catch (const Error& error) {
        step.notes.push_back(error.message());
      }
    }
  }

  void retire_all() {
    if (!result_.archive.empty()) retire(result_.archive, kAutoupdateReason);
    const auto single = std::find_if(result_.steps.rbegin(), result_.steps.rend(), [this](const UpdateStep& step) {
      return !step.archive.empty() && step.archive != result_.archive;
    });
    if (single != result_.steps.rend()) retire(single->archive, kSingleUpdateReason);
    const bool incomplete = std::any_of(result_.steps.begin(), result_.steps.end(), [](const UpdateStep& step) {
      return step.error && step.error->kind() == ErrorKind::incomplete;
    });
    // A guard refuses an incomplete one, but it is there, and tomorrow's will be beside it.
    if (incomplete) retire_newest(result_.steps.size() == 1 ? kAutoupdateReason : kSingleUpdateReason);
    // What a roll-back displaces becomes an archive when the next one comes.
    const bool back =
        std::any_of(result_.steps.begin(), result_.steps.end(), [](auto& step) { return step.rolled_back; });
    if (back) retire_newest("pre-restore");
  }

  void retire_newest(const char* reason) {
    try {
      for (const SnapshotRef& ref : service_.list(site_.name, options_.backup_root)) {
        if (ref.reason == reason) return retire(ref.archive, reason);
      }
    } catch (const Error& error) {
      result_.notes.push_back(error.message());
    }
  }

  void retire(const std::filesystem::path& newest, const char* reason) {
    // What lies elsewhere is not read back each night; how many are kept there, the store's settings say.
    if (stored_name(newest, config_)) return;
    enter("verify");
    try {
      const Retention retention =
          retire_older(service_, site_.name, newest, reason, config_.autoupdate.keep, options_.cancelled);
      if (retention.verified) result_.verified.push_back(newest);
      result_.removed.insert(result_.removed.end(), retention.removed.begin(), retention.removed.end());
      result_.notes.insert(result_.notes.end(), retention.notes.begin(), retention.notes.end());
    } catch (const Error& error) {
      note_error(error);
    }
  }

  void note_error(const Error& error) {
    const int before = result_.exit_code(), code = exit_code(error.kind());
    if (!result_.error || (code != before && worse_exit_code(before, code) == code)) result_.error = error;
  }

  void enter(std::string_view phase) const {
    if (options_.on_phase) options_.on_phase(site_.name, phase);
  }

  Service& service_;
  const Config& config_;
  const Site& site_;
  const AutoupdateOptions& options_;
  Cancellation cancellation_;
  SiteAutoupdate result_;
  RunMonitor monitor_;  // last: its thread looks at the others
};

}  // namespace

SiteAutoupdate autoupdate_site(Service& service, const Site& site, const AutoupdateOptions& options) {
  return SiteRun(service, site, options).run();
}

}  // namespace wobackup
