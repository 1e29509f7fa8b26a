#include "guard/pending_guard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/text.h"
#include "guard/guard_journal.h"
#include "guard/guard_lock.h"
#include "guard/guarded_command.h"
#include "guard/roll_back.h"
#include "guard/site_checks.h"
#include "site/catalog.h"
#include "snapshot/state_folder.h"

namespace wobackup {
namespace {

// What a killed guard had started ends a moment after it.
constexpr std::chrono::seconds kDyingTime{15};

// A journal under the guard's lock.
class Found {
 public:
  Found(const std::string& site, const char* purpose, const GuardEnvironment& environment)
      : environment_(environment),
        started_(environment.clock.monotonic()),
        state_(environment.config.state_dir),
        lock_(state_, site, kDyingTime, {}),
        file(state_.path(), site) {
    std::optional<GuardJournal> journaled = file.load();
    if (!journaled) throw Error(ErrorKind::not_found, fmt::format("{}: there is no guard to {}", site, purpose));
    journal = *std::move(journaled);
    use_catalog();
    result.site = site;
    result.archive = journal.archive();
    for (const GuardCopy& copy : journal.copies) {
      Stored& stored = result.stores.emplace_back();
      stored.store = copy.store;
      stored.archive = copy.archive;
    }
    result.type = journal.type;
  }

  GuardResult finished() {
    result.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(environment_.clock.monotonic() - started_);
    return std::move(result);
  }

 private:
  // It knows the database's password, and what was mended meanwhile.
  void use_catalog() {
    try {
      Site known = site_by_name(journal.site.name, environment_.config, environment_.log);
      if (known.path == journal.site.path) journal.site = std::move(known);
    } catch (const Error&) {  // a site that it does not know any more is the journal's
    }
  }

  const GuardEnvironment& environment_;
  const std::chrono::steady_clock::time_point started_;
  const StateFolder state_;
  const GuardLock lock_;

 public:
  const GuardJournalFile file;
  GuardJournal journal;
  GuardResult result;
};

std::vector<CheckResult> check(const GuardJournal& journal, const GuardEnvironment& environment) {
  const Cancellation never;
  const auto variables =
      guard_variables(journal.site, journal.archive(), journal.type, journal.reason, environment.config);
  return SiteChecks::from(journal.checks).now(journal.before, {journal.site, environment, variables, never});
}

// A restore that has begun to exchange ends without its backup; one that is still to come had better not begin without
// its key.
void require_key(const GuardJournal& journal, const GuardEnvironment& environment) {
  const std::optional<PendingRestore> pending = pending_restore_of(journal.site.name, environment.config);
  const bool is_ours = pending && journal.copy_of(pending->archive) != nullptr;
  const bool restored = is_ours && journal.phase == GuardPhase::roll_back && !pending->interrupted && !pending->undone;
  if (restored || (is_ours && pending->swapping)) return;
  std::optional<Error> refused;
  for (const GuardCopy& copy : journal.copies) {
    try {
      static_cast<void>(environment.stores.open(copy, StorePatience::brief, {}));
      return;
    } catch (const Error& error) {  // what else is wrong, the roll-back will say
      if (error.kind() == ErrorKind::wrong_key && !refused) refused = error;
    }
  }
  if (!refused) return;
  throw Error(refused->kind(), fmt::format("{}: nothing was taken back: {}", journal.site.name, refused->message()),
              refused->hint());
}

}  // namespace

std::optional<PendingGuard> pending_guard_of(const std::string& site, const Config& config) {
  // Whoever may not look into the state folder cannot guard either.
  if (::access(config.state_dir.c_str(), X_OK) != 0) return std::nullopt;
  const std::optional<GuardJournal> journal = GuardJournalFile(config.state_dir, site).load();
  if (!journal) return std::nullopt;
  std::vector<std::filesystem::path> archives;
  for (const GuardCopy& copy : journal->copies) archives.push_back(copy.archive);
  return PendingGuard{.site = site,
                      .archive = journal->archive(),
                      .archives = std::move(archives),
                      .started = journal->started,
                      .reason = journal->reason,
                      .phase = std::string(name_of(journal->phase)),
                      .running = GuardLock::is_held(config.state_dir, site)};
}

std::vector<PendingGuard> pending_guards_in(const Config& config) {
  std::vector<PendingGuard> all;
  for (const std::string& site : journaled_sites(config.state_dir, "guards")) {
    try {
      if (auto pending = pending_guard_of(site, config)) all.push_back(*std::move(pending));
    } catch (const Error& error) {
      PendingGuard unknown;
      unknown.site = site;
      unknown.problem = error.message();
      all.push_back(std::move(unknown));
    }
  }
  return all;
}

GuardResult resume_guard(const std::string& site, const GuardEnvironment& environment) {
  Found found(site, "resume", environment);
  if (finish_begun_restore(found.journal, environment)) {
    roll_back(found.journal, found.file, environment, {}, found.result);
    return found.finished();
  }
  forget_caches(found.journal.site, environment, found.result.notes);
  found.result.checks = check(found.journal, environment);
  if (const auto failure = first_failure(found.result.checks)) {
    throw Error(ErrorKind::verification, fmt::format("{}: the site is not as before the change: {}", site, *failure),
                fmt::format("mend it and try again, or take the change back: wobackup guard --abort {}", site));
  }
  found.file.remove();
  return found.finished();
}

GuardResult abort_guard(const std::string& site, const GuardEnvironment& environment) {
  Found found(site, "abort", environment);
  require_key(found.journal, environment);
  if (found.journal.problem.empty()) found.journal.problem = "the guard was killed";
  roll_back(found.journal, found.file, environment, {}, found.result);
  return found.finished();
}

}  // namespace wobackup
