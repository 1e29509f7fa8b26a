#include "snapshot/restore_in_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "base/file_lock.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "in_place/file_swap.h"
#include "in_place/remove_tree.h"
#include "in_place/restore_journal.h"
#include "snapshot/archive_trust.h"
#include "snapshot/backup_target.h"
#include "snapshot/create.h"
#include "snapshot/restore.h"
#include "snapshot/state_folder.h"
#include "store/archive/archive_file.h"
#include "target/files/target_folder.h"

namespace wobackup {
namespace {

constexpr const char* kStagePrefix = ".wobackup-restore";

// The site's folder and the stage in it, both held open: their names belong to the site's users.
struct Folders {
  UniqueFd site;
  UniqueFd stage;
};

FileIdentity identity_of_folder(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error("cannot look at a folder", errno);
  return identity_from(status);
}

Folders open_folders(const RestoreJournal& journal) {
  Folders folders;
  folders.site = open_trusted_directory(journal.site_path, false);
  folders.stage.reset(
      ::openat(folders.site.get(), journal.stage.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folders.stage || identity_of_folder(folders.stage.get()) != journal.stage_identity) {
    throw Error(ErrorKind::rollback_failed,
                fmt::format("{}: the folder {} of the restore is gone", journal.site, journal.stage),
                fmt::format("somebody moved or removed it; look for it below {}", journal.site_path.string()));
  }
  return folders;
}

// Made by root in a folder that may be a user's: the descriptor and its identity count, not the name.
RestoreJournal make_stage(const Site& site, const std::filesystem::path& archive, const InPlaceEnvironment& environment,
                          Folders& folders) {
  RestoreJournal journal;
  journal.site = site.name;
  journal.site_path = site.path;
  journal.archive = archive.string();
  journal.started = rfc3339(std::chrono::floor<std::chrono::seconds>(environment.clock.now()));
  journal.stage = kStagePrefix + temporary_name().substr(std::string_view(".wobackup").size());
  folders.site = open_trusted_directory(site.path, false);
  if (::mkdirat(folders.site.get(), journal.stage.c_str(), 0700) != 0) {
    throw system_error(fmt::format("cannot make a folder in {}", printable(site.path.string())), errno);
  }
  folders.stage.reset(
      ::openat(folders.site.get(), journal.stage.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!folders.stage || ::fstat(folders.stage.get(), &status) != 0 || status.st_uid != ::geteuid() ||
      (status.st_mode & 077U) != 0) {
    throw Error(ErrorKind::failed, fmt::format("{}: somebody interferes with the restore's folder", site.name));
  }
  journal.stage_identity = identity_from(status);
  return journal;
}

void require_usable(const std::filesystem::path& archive, const InPlaceOptions& options, const Config& config) {
  for (const std::string& path : options.include) {
    if (path.find_first_of("*?[") != std::string::npos) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} is a glob, and only paths can be restored in place", printable(path)));
    }
  }
  const std::unique_ptr<FileAccess> file = open_archive(archive);
  const std::optional<ContainerReader> container = ContainerReader::open(*file);
  if (!container) {
    throw Error(ErrorKind::usage, fmt::format("{} has no index to be compared with", file->name()),
                "restore it to a folder with --target");
  }
  if (!container->read_manifest_header().has_files) {
    throw Error(ErrorKind::usage, fmt::format("{} holds no files", file->name()));
  }
  if (trust_in(archive, *container, config) == ArchiveTrust::changed && !options.accept_changed) {
    throw Error(ErrorKind::verification,
                fmt::format("{} is not the archive that was made here under this name", file->name()),
                "somebody changed it; look into it with --target, or take it all the same with --accept-changed");
  }
}

// What was restored at the top of the stage.
std::vector<std::string> names_in(int folder_fd) {
  std::vector<std::string> names;
  const int listing_fd = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(listing_fd < 0 ? nullptr : ::fdopendir(listing_fd), ::closedir);
  if (!listing) throw system_error("cannot read the restore's folder", errno);
  while (const dirent* item = ::readdir(listing.get())) {
    const std::string name = item->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> paths_to_swap(const InPlaceOptions& options, int stage_fd) {
  if (options.include.empty()) return names_in(stage_fd);
  std::vector<std::string> paths;
  for (std::string path : options.include) {
    while (path.starts_with('/')) path.erase(0, 1);
    while (path.ends_with('/')) path.pop_back();
    paths.push_back(std::move(path));
  }
  std::sort(paths.begin(), paths.end());
  for (std::size_t i = 1; i < paths.size(); ++i) {
    if (paths[i] == paths[i - 1] || paths[i].starts_with(paths[i - 1] + "/")) {
      throw Error(ErrorKind::usage, fmt::format("{} is named twice", printable(paths[i])));
    }
  }
  return paths;
}

void remove_stage(const JournalFile& file, const RestoreJournal& journal, int site_fd) {
  remove_tree(site_fd, journal.stage);
  file.remove();
}

// Each step is one rename; whoever is killed between two finds out from the journal and the files.
void swap_forward(const JournalFile& file, RestoreJournal& journal, const Folders& folders) {
  const FileSwap swap(folders.site.get(), folders.stage.get());
  for (const SwapStep& step : journal.steps) swap.forward(step);
  swap.sync();
  journal.phase = JournalPhase::done;
  file.save(journal);
}

void swap_back(const RestoreJournal& journal, const Folders& folders) {
  const FileSwap swap(folders.site.get(), folders.stage.get());
  try {
    for (auto step = journal.steps.rbegin(); step != journal.steps.rend(); ++step) swap.back(*step);
    swap.sync();
  } catch (const Error& error) {
    throw Error(ErrorKind::rollback_failed, error.message(),
                fmt::format("what was displaced lies in {}/{}; put it back by hand, then remove the journal",
                            journal.site_path.string(), journal.stage));
  }
}

struct Found {
  StateFolder state;
  FileLock lock;
  JournalFile file;
  RestoreJournal journal;
};

// Under the site's lock.
Found find_journal(const std::string& site, const char* purpose, const InPlaceEnvironment& environment) {
  StateFolder state(environment.config.state_dir);
  FileLock lock(state.lock_file(site), fmt::format("{} {}", purpose, site), std::chrono::seconds(0), {});
  JournalFile file(state.path(), site);
  std::optional<RestoreJournal> journal = file.load();
  if (!journal) throw Error(ErrorKind::not_found, fmt::format("{}: there is no restore to {}", site, purpose));
  return {std::move(state), std::move(lock), std::move(file), *std::move(journal)};
}

}  // namespace

RestoredInPlace restore_files_in_place(const Site& site, const std::filesystem::path& archive,
                                       const InPlaceOptions& options, const InPlaceEnvironment& environment) {
  require_usable(archive, options, environment.config);
  if (const auto pending = pending_restore_of(site.name, environment.config)) {
    if (pending->interrupted) {
      throw Error(ErrorKind::locked, fmt::format("{}: a restore was interrupted", site.name),
                  "finish it with `restore --resume`, or take it back with `restore --abort`");
    }
    static_cast<void>(finish_restore(site, environment));
  }
  const StateFolder state(environment.config.state_dir);
  const FileLock lock(state.lock_file(site.name), fmt::format("restore {}", site.name), options.wait,
                      options.cancelled);
  const JournalFile file(state.path(), site.name);
  Folders folders;
  RestoreJournal journal = make_stage(site, archive, environment, folders);
  file.save(journal);

  RestoredInPlace result;
  try {
    RestoreOptions staging;
    staging.target = site.path / journal.stage;
    staging.include = options.include;
    staging.exclude = {"vhost.json"};
    staging.database = false;
    staging.on_progress = options.on_progress;
    staging.cancelled = options.cancelled;
    result.staged = restore_into([&] { return UniqueFd(::fcntl(folders.stage.get(), F_DUPFD_CLOEXEC, 0)); }, archive,
                                 staging, {environment.config, environment.log});
    if (::syncfs(folders.stage.get()) != 0) throw system_error("cannot sync what was staged", errno);
    const FileSwap swap(folders.site.get(), folders.stage.get());
    journal.steps = swap.plan(paths_to_swap(options, folders.stage.get()));
    journal.phase = JournalPhase::swapping;
    file.save(journal);
  } catch (...) {
    // Nothing live was touched.
    remove_stage(file, journal, folders.site.get());
    throw;
  }
  try {
    swap_forward(file, journal, folders);
  } catch (const Error& error) {
    swap_back(journal, folders);
    remove_stage(file, journal, folders.site.get());
    throw Error(ErrorKind::rolled_back, error.message(), "everything is as it was before");
  }
  for (const SwapStep& step : journal.steps) result.exchanged.push_back(step.path);
  return result;
}

std::optional<PendingRestore> pending_restore_of(const std::string& site, const Config& config) {
  // Whoever may not look into the state folder cannot restore in place either.
  if (::access(config.state_dir.c_str(), X_OK) != 0) return std::nullopt;
  const std::optional<RestoreJournal> journal = JournalFile(config.state_dir, site).load();
  if (!journal) return std::nullopt;
  return PendingRestore{journal->site, journal->archive, journal->started, journal->phase != JournalPhase::done,
                        journal->phase != JournalPhase::staging};
}

void resume_restore(const std::string& site, const InPlaceEnvironment& environment) {
  Found found = find_journal(site, "resume", environment);
  RestoreJournal& journal = found.journal;
  if (journal.phase == JournalPhase::done) {
    throw Error(ErrorKind::not_found, fmt::format("{}: the restore is done; there is nothing to resume", site));
  }
  if (journal.phase == JournalPhase::staging) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore had not replaced anything yet", site),
                "take it back with `restore --abort`, and begin anew");
  }
  const Folders folders = open_folders(journal);
  if (journal.phase == JournalPhase::undoing) {
    swap_back(journal, folders);
    return remove_stage(found.file, journal, folders.site.get());
  }
  try {
    swap_forward(found.file, journal, folders);
  } catch (const Error& error) {
    throw Error(ErrorKind::failed, error.message(), "take the restore back with `restore --abort`");
  }
}

void abort_restore(const std::string& site, const InPlaceEnvironment& environment) {
  Found found = find_journal(site, "abort", environment);
  RestoreJournal& journal = found.journal;
  if (journal.phase == JournalPhase::done) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore is done", site), "take it back with `restore --undo`");
  }
  const Folders folders = open_folders(journal);
  swap_back(journal, folders);
  remove_stage(found.file, journal, folders.site.get());
}

void undo_restore(const std::string& site, const InPlaceEnvironment& environment) {
  Found found = find_journal(site, "undo", environment);
  RestoreJournal& journal = found.journal;
  if (journal.phase != JournalPhase::done) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore was interrupted", site),
                "finish it with `restore --resume`, or take it back with `restore --abort`");
  }
  const Folders folders = open_folders(journal);
  journal.phase = JournalPhase::undoing;
  found.file.save(journal);
  swap_back(journal, folders);
  remove_stage(found.file, journal, folders.site.get());
}

std::filesystem::path finish_restore(const Site& site, const InPlaceEnvironment& environment) {
  RestoreJournal journal;
  {
    const Found found = find_journal(site.name, "finish", environment);
    journal = found.journal;
  }
  if (journal.phase != JournalPhase::done) {
    throw Error(ErrorKind::usage, fmt::format("{}: the restore was interrupted", site.name),
                "finish it with `restore --resume`, or take it back with `restore --abort`");
  }
  // What was displaced lies there like a site's folder.
  Site displaced = site;
  displaced.path = journal.site_path / journal.stage;
  CreateOptions options;
  options.type = BackupType::files;
  options.reason = "pre-restore";
  options.backup_root = backup_root_of(site, environment.config, std::nullopt);
  options.metadata_extra = {{"restored_archive", printable(journal.archive)}};
  const Created created = create_snapshot(displaced, options, {environment.config, environment.clock, environment.log});
  if (!created.complete) {
    throw Error(ErrorKind::incomplete, fmt::format("{}: not all of what was displaced could be archived", site.name),
                fmt::format("it is kept in {}", displaced.path.string()));
  }
  const Found found = find_journal(site.name, "finish", environment);
  const Folders folders = open_folders(found.journal);
  remove_stage(found.file, found.journal, folders.site.get());
  return created.archive;
}

}  // namespace wobackup
