#include "snapshot/create.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "age/age_writer.h"
#include "base/file_io.h"
#include "base/file_lock.h"
#include "base/text.h"
#include "in_place/restore_journal.h"
#include "snapshot/archive_ledger.h"
#include "snapshot/backup_target.h"
#include "snapshot/create_in_stores.h"
#include "snapshot/encryption.h"
#include "snapshot/file_capture.h"
#include "snapshot/state_folder.h"
#include "snapshot/write_snapshot.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

void check_options(const Site& site, const CreateOptions& options) {
  if (!site.has_content()) {
    throw Error(ErrorKind::usage,
                fmt::format("{} is of type {}: it has no content of its own to back up", site.name, name_of(site.type)),
                "its content belongs to another site or server; `create --all` skips it");
  }
  if (!is_utf8(options.reason)) throw Error(ErrorKind::usage, "the reason is not UTF-8 text");
  static_cast<void>(path_patterns(options.exclude));  // before anything begins
}

BackupScope scope_of(const Site& site, const CreateOptions& options, const SiteDatabase& plan) {
  const BackupScope scope{.files = options.type != BackupType::database,
                          .database = options.type != BackupType::files && plan.has_database()};
  if (options.type == BackupType::database && !scope.database) {
    throw Error(ErrorKind::usage, fmt::format("{} has no database: a backup of type db would be empty", site.name),
                "use --type files, or name its database in wobackup.toml");
  }
  return scope;
}

// Sealing keeps one core busy at 1 to 2 GB/s. Where more of them compress than that, it gets threads of its own.
unsigned sealing_threads(const Config& config) { return compressing_threads(config) > 2 ? 2 : 0; }

// Records the sum, then publishes: a run that is killed between the two leaves a record without an archive, which harms
// nobody, and never an archive without a record.
std::filesystem::path record_and_publish(const SnapshotRun& run, const WrittenSnapshot& written, bool encrypted,
                                         const std::string& sum, PartialArchive& partial, const BackupTarget& target,
                                         const ArchiveLedger& ledger) {
  for (std::chrono::sys_seconds time = run.time;; time += std::chrono::seconds(1)) {
    const std::string name = snapshot_timestamp(time) + (written.record.unreadable_count == 0 ? "" : "_incomplete");
    const std::string file_name = name + std::string(archive_ending(encrypted));
    LedgerEntry entry = ledger_entry(run, written);
    entry.archive = (target.directory / file_name).string();
    entry.name = name;
    entry.size_bytes = partial.written_bytes();
    entry.sha256 = sum;
    entry.encrypted = encrypted;
    ledger.add(entry);
    if (partial.publish(file_name)) return entry.archive;
    // Somebody else's file has the name.
  }
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(folder)) names.push_back(item.path().filename().string());
  return names;
}

// Into the site's folder of archives.
Created write_to_folder(const SnapshotBeginning& begun, const Recipients& recipients) {
  const CreateEnvironment& environment = begun.environment;
  const Site& site = begun.site;
  const BackupTarget target =
      open_backup_target(site, backup_root_of(site, environment.config, begun.options.backup_root));
  for (const std::string& name : remove_abandoned_partials(target.fd.get())) {
    if (environment.log)
      environment.log(LogLevel::info, fmt::format("removed {}, left by a killed run", printable(name)));
  }
  const ArchiveLedger ledger(environment.config.state_dir, site.name);
  const std::uint64_t min_free = min_free_of(environment.config, target);
  const std::optional<LedgerEntry> previous = ledger.latest(name_of(begun.options.type));
  require_space(space_of(target.fd.get(), target.directory), min_free, previous ? previous->size_bytes : 0,
                target.directory);

  const auto now = std::chrono::floor<std::chrono::seconds>(environment.clock.now());
  const std::chrono::sys_seconds time = choose_time(&target, ledger, now, environment.log);
  const Json vhost = vhost_metadata(site, begun.options, begun.scope, time);

  Cancellation cancellation;
  const bool encrypted = !recipients.empty();
  const SnapshotRun run{.site = site,
                        .options = begun.options,
                        .environment = environment,
                        .plan = begun.plan,
                        .scope = begun.scope,
                        .time = time,
                        .vhost = vhost,
                        .backup_root_fd = target.root_fd.get(),
                        .hidden = encrypted,
                        .spool = [&target] { return unnamed_file(target.fd.get(), target.directory.string()); },
                        .open_spool = [&environment] { return scratch_spool(environment.config); },
                        .cancellation = cancellation};
  PartialArchive partial(target.fd.get(), target.directory, snapshot_timestamp(time),
                         {min_free, environment.config.limit_rate}, cancellation);
  std::optional<AgeWriter> sealing;
  if (encrypted) sealing.emplace(partial, recipients, sealing_threads(environment.config));
  WrittenSnapshot written;
  write_snapshot(run,
                 {.bytes = sealing ? static_cast<ByteOutput&>(*sealing) : partial,
                  .beside = &partial.hash(),
                  .finish =
                      [&sealing] {
                        if (sealing) sealing->finish();
                      },
                  .written_bytes = [&partial] { return partial.written_bytes(); }},
                 written);
  const std::string sum = hex(partial.sync());
  if (begun.options.cancelled && begun.options.cancelled()) throw Error(ErrorKind::interrupted, "interrupted");

  Created created = created_from(run, written);
  created.archive = record_and_publish(run, written, encrypted, sum, partial, target, ledger);
  created.encrypted = encrypted;
  created.size_bytes = partial.written_bytes();
  created.sha256 = sum;
  return created;
}

// A site that a killed restore has left half exchanged is a mixture, and a backup of it would pass for a good one.
void require_no_mixture(const std::string& site, const StateFolder& state) {
  const std::optional<RestoreJournal> journal = JournalFile(state.path(), site).load();
  if (!journal || (journal->phase != JournalPhase::swapping && journal->phase != JournalPhase::undoing)) return;
  throw Error(
      ErrorKind::locked,
      fmt::format("{}: a restore was interrupted while it exchanged the site: a backup of it now would be a "
                  "mixture",
                  site),
      fmt::format("first finish it with `wobackup restore --resume {0}`, or take it back with `--abort {0}`", site));
}

using MakePlan = std::function<SnapshotPlan(SiteSettings)>;

// One run for each site: the lock is the kernel's, so a killed run leaves none behind.
Created create_under_lock(const Site& site, const CreateOptions& options, const CreateEnvironment& environment,
                          bool locked, const MakePlan& make_plan,
                          const std::function<Created(const SnapshotBeginning&)>& write) {
  const auto started = environment.clock.monotonic();
  const StateFolder state(environment.config.state_dir);
  std::optional<FileLock> lock;
  if (!locked) {
    lock.emplace(state.lock_file(site.name), fmt::format("create {}", site.name), options.wait, options.cancelled);
    require_no_mixture(site.name, state);
  }
  const SnapshotPlan plan = make_plan(environment.config.for_site(site.name));
  Created created = write({site, options, environment, plan, scope_of(site, options, plan.database)});
  created.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(environment.clock.monotonic() - started);
  return created;
}

MakePlan plan_of(const Site& site, const CreateOptions& options) {
  return [&site, &options](SiteSettings settings) {
    SnapshotPlan plan;
    plan.database = resolve_database(site, settings, options.type != BackupType::files);
    plan.settings = std::move(settings);
    return plan;
  };
}

}  // namespace

Created create_snapshot(const Site& site, const CreateOptions& options, const CreateEnvironment& environment) {
  check_options(site, options);
  const Recipients recipients = chosen_recipients(site, options, environment.config);
  return create_under_lock(site, options, environment, false, plan_of(site, options),
                           [&](const SnapshotBeginning& begun) { return write_to_folder(begun, recipients); });
}

Created create_snapshot_in(const Site& site, const CreateOptions& options, const std::vector<SnapshotPlace>& places,
                           const CreateEnvironment& environment) {
  check_options(site, options);
  const std::vector<StoreGroup> groups = store_groups(site, options, places, environment.config);
  return create_under_lock(site, options, environment, false, plan_of(site, options),
                           [&](const SnapshotBeginning& begun) { return write_to_stores(begun, places, groups); });
}

Created create_displaced_snapshot(const Site& site, const CreateOptions& options, const Displaced& displaced,
                                  const CreateEnvironment& environment) {
  check_options(site, options);
  const Recipients recipients = chosen_recipients(site, options, environment.config);
  const auto make_plan = [&](SiteSettings settings) {
    SnapshotPlan plan;
    plan.displaced = true;
    for (const auto& [path, folder] : displaced.folders) plan.elsewhere.emplace(path, folder.get());
    if (options.type != BackupType::database) {
      plan.database.config_files = resolve_database(site, settings, false).config_files;
      settings.include = names_in(site.path);
    }
    settings.exclude.clear();
    plan.settings = std::move(settings);
    if (!displaced.database) return plan;
    const ServerLogin& login = displaced.database->login.login;
    plan.database.login = DatabaseLogin{displaced.database->name, login.user, login.password, login.host};
    plan.known_login = displaced.database->login;
    plan.event_states = displaced.database->event_states;
    plan.former_name = displaced.database->former_name;
    return plan;
  };
  return create_under_lock(site, options, environment, displaced.locked, make_plan,
                           [&](const SnapshotBeginning& begun) { return write_to_folder(begun, recipients); });
}

}  // namespace wobackup
