#include "guard/roll_back.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "guard/guard_copies.h"
#include "guard/guarded_command.h"
#include "guard/keep_rows.h"
#include "guard/site_checks.h"
#include "in_place/remove_tree.h"
#include "recovery/live_htdocs.h"

namespace wobackup {
namespace {

constexpr unsigned kRightsMask = 07777;

bool is_ours(const PendingRestore& pending, const GuardJournal& journal) {
  return journal.copy_of(pending.archive) != nullptr;
}

// What a killed `wp core update` leaves behind would be taken for an update at work. The guard's command is dead. It
// may have made anything of that name.
void remove_maintenance(const GuardJournal& journal) {
  if (journal.maintenance_before) return;
  try {
    const UniqueFd folder = open_trusted_directory(journal.site.path, false);
    const UniqueFd htdocs = open_htdocs(folder.get());
    if (htdocs) remove_tree(htdocs.get(), ".maintenance");
  } catch (const Error&) {  // whatever htdocs is by now, the restore will say it
  }
}

// A site's folder that its user may not enter is no site, whatever is restored into it.
void restore_folder(const GuardJournal& journal) {
  if (!journal.folder || journal.type == BackupType::database) return;
  const std::string path = printable(journal.site.path.string());
  UniqueFd folder;
  try {
    folder = open_trusted_directory(journal.site.path, false);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return;  // the restore makes it
    throw;
  }
  struct stat status {};
  if (::fstat(folder.get(), &status) != 0) throw system_error("cannot look at " + path, errno);
  const FolderRights& before = *journal.folder;
  if ((status.st_uid != before.uid || status.st_gid != before.gid) &&
      ::fchown(folder.get(), before.uid, before.gid) != 0) {
    throw system_error("cannot give back " + path, errno);
  }
  if ((status.st_mode & kRightsMask) != before.mode && ::fchmod(folder.get(), before.mode) != 0) {
    throw system_error("cannot give back the rights of " + path, errno);
  }
}

void restore_from(const GuardCopy& copy, StorePatience patience, const GuardJournal& journal,
                  const GuardEnvironment& environment, const ProgressCallback& on_progress, GuardResult& result) {
  InPlaceOptions options = roll_back_options(journal.type, journal.shared, journal.live_load);
  // A site that did not run before would look like a restore that failed.
  options.check = journal.runs_before;
  const InPlaceEnvironment in_place = environment.patient(environment.stores.fetch(copy, patience, on_progress));
  options.wait = in_place.wait.longest;
  options.on_progress = on_progress;
  const RestoredInPlace restored = restore_in_place(journal.site, copy.archive, options, in_place);
  for (const PathNote& note : restored.staged.notes) result.notes.push_back(printable(note.path) + ": " + note.what);
  result.notes.insert(result.notes.end(), restored.notes.begin(), restored.notes.end());
}

// From the first copy that can be had and is what it was: one that is gone, or was exchanged or damaged, is told.
void restore(const GuardJournal& journal, const GuardEnvironment& environment, const ProgressCallback& on_progress,
             GuardResult& result) {
  std::optional<Error> first;
  std::string others;
  for (const GuardCopy& copy : journal.copies) {
    const bool another = &copy != &journal.copies.back();
    try {
      restore_from(copy, another ? StorePatience::brief : StorePatience::full, journal, environment, on_progress,
                   result);
      result.restored_from = copy.archive;
      return;
    } catch (const Error& error) {
      const std::string& site = journal.site.name;
      const std::optional<PendingRestore> begun = pending_restore_of(site, environment.config);
      const bool may_go_on = another_copy_may_do(error) && !(begun && begun->interrupted);
      if (first) others += "; " + problem_of(copy, error);
      if (!first) first = error;
      if (!may_go_on || !another) break;
      result.notes.push_back("the backup could not be taken from " + problem_of(copy, error));
      if (environment.log) environment.log(LogLevel::warning, fmt::format("{}: {}", site, result.notes.back()));
    }
  }
  throw Error(first->kind(), first->message() + others, first->hint());
}

std::string by_hand(const GuardJournal& journal) {
  std::string text = fmt::format("try again: wobackup guard --abort {}; or by hand", journal.site.name);
  for (const GuardCopy& copy : journal.copies) {
    text += fmt::format("{} wobackup restore {} --in-place", &copy == &journal.copies.front() ? ":" : ", or",
                        printable(copy.archive.string()));
  }
  return text;
}

std::string why_text(const GuardJournal& journal) {
  return journal.problem.empty() ? journal.site.name : fmt::format("{}: {}", journal.site.name, journal.problem);
}

void keep_rows_of(const GuardJournal& journal, const GuardEnvironment& environment, GuardResult& result) {
  if (journal.type == BackupType::files) return;
  try {
    result.kept_rows = keep_rows(journal, environment, result.notes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return;
    result.notes.push_back(
        fmt::format("the rows that have come since the backup could not be written: {}; they are among what was "
                    "displaced: `wobackup restore --undo {}` brings it back, `--finish` archives it",
                    error.message(), journal.site.name));
  }
}

void check_again(const GuardJournal& journal, const GuardEnvironment& environment, GuardResult& result) {
  const Cancellation never;
  const auto variables =
      guard_variables(journal.site, journal.archive(), journal.type, journal.reason, environment.config);
  const CheckContext context{journal.site, environment, variables, never};
  result.checks_after_roll_back = SiteChecks::from(journal.checks).now(journal.before, context);
}

[[noreturn]] void throw_failed(const GuardJournal& journal, const Error& error, GuardResult& result) {
  std::string hint = error.hint();
  // Before the restore, that is: after the change.
  if (hint.starts_with(kAsBeforeTheRestore)) {
    hint.replace(0, kAsBeforeTheRestore.size(), "the site is as the change has left it");
  }
  throw GuardFailed(Error(ErrorKind::rollback_failed,
                          fmt::format("{}; and the roll-back failed: {}", why_text(journal), error.message()),
                          hint.empty() ? by_hand(journal) : hint + "; then " + by_hand(journal)),
                    std::move(result));
}

}  // namespace

InPlaceOptions roll_back_options(BackupType type, bool shared, bool live_load) {
  InPlaceOptions options;
  options.files = type != BackupType::database;
  options.database = type != BackupType::files;
  options.shared = shared;
  options.live_load = live_load;
  options.despite_maintenance = true;
  return options;
}

bool finish_begun_restore(const GuardJournal& journal, const GuardEnvironment& environment) {
  const std::string& site = journal.site.name;
  std::optional<PendingRestore> pending = pending_restore_of(site, environment.config);
  if (pending && pending->interrupted) {
    // One that has not exchanged anything, or is only tidying up, may also be another's: a roll-back first finishes the
    // restore before it.
    if (!pending->swapping) {
      abort_restore(site, environment.patient());
    } else if (is_ours(*pending, journal)) {
      remove_maintenance(journal);
      resume_restore(site, environment.patient());
    }
    pending = pending_restore_of(site, environment.config);
  }
  return journal.phase == GuardPhase::roll_back && pending && is_ours(*pending, journal) && !pending->interrupted &&
         !pending->undone;
}

void roll_back(GuardJournal& journal, const GuardJournalFile& file, const GuardEnvironment& environment,
               const ProgressCallback& on_progress, GuardResult& result) {
  try {
    const bool restored = finish_begun_restore(journal, environment);
    journal.phase = GuardPhase::roll_back;
    file.save(journal);
    restore_folder(journal);
    if (restored) {
      result.restored_from = pending_restore_of(journal.site.name, environment.config)->archive;
    } else {
      remove_maintenance(journal);
      restore(journal, environment, on_progress, result);
    }
  } catch (const Error& error) {
    throw_failed(journal, error, result);
  } catch (const std::exception& error) {
    throw_failed(journal, Error(ErrorKind::failed, printable(error.what())), result);
  }
  result.rolled_back = true;
  keep_rows_of(journal, environment, result);
  check_again(journal, environment, result);
  file.remove();
  if (const auto failure = first_failure(result.checks_after_roll_back)) {
    throw GuardFailed(Error(ErrorKind::rollback_failed,
                            fmt::format("{}; what was backed up is restored, but the site is not as before: {}",
                                        why_text(journal), *failure),
                            fmt::format("something else has changed that the backup (type {}) does not hold: look at "
                                        "the web server, PHP and its settings",
                                        name_of(journal.type))),
                      std::move(result));
  }
}

void throw_rolled_back(const GuardJournal& journal, GuardResult& result) {
  std::string text =
      fmt::format("{}; rolled back to the backup {}", why_text(journal), result.restored_from.filename().string());
  const GuardCopy* const copy = journal.copy_of(result.restored_from);
  if (copy != nullptr && copy->store != kOwnFolderStore) text += " from " + printable(copy->store);
  if (!result.kept_rows.tables.empty()) text += "; " + text_of(result.kept_rows);
  throw GuardFailed(Error(ErrorKind::rolled_back, text,
                          fmt::format("what the change had made is kept for `wobackup restore --undo {0}`, until "
                                      "`wobackup restore --finish {0}` archives it",
                                      journal.site.name)),
                    std::move(result));
}

}  // namespace wobackup
