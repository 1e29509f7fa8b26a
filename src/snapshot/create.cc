#include "snapshot/create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "base/file_io.h"
#include "base/file_lock.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "snapshot/archive_ledger.h"
#include "snapshot/backup_target.h"
#include "snapshot/database_capture.h"
#include "snapshot/encryption.h"
#include "snapshot/file_capture.h"
#include "snapshot/run_monitor.h"
#include "snapshot/state_folder.h"
#include "snapshot/vhost_metadata.h"
#include "store/archive/archive_name.h"
#include "store/archive/archive_writer.h"
#include "version.h"

namespace wobackup {
namespace {

constexpr unsigned kMostDefaultThreads = 4;  // more would not fit the memory promised for any site

unsigned threads_of(const Config& config) {
  if (config.threads > 0) return config.threads;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kMostDefaultThreads);
}

// Sealing keeps one core busy at 1 to 2 GB/s. Where more of them compress than that, it gets threads of its own.
unsigned sealing_threads(const Config& config) { return threads_of(config) > 2 ? 2 : 0; }

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

// What is taken; found out under the site's lock.
struct RunPlan {
  SiteSettings settings;
  SiteDatabase database;
  std::optional<SiteServerLogin> known_login;
  EventStatus event_states;
  bool displaced = false;
  std::map<std::string, int> elsewhere;
};

// The parts of a run that live as long as the archive is being written.
struct Run {
  const Site& site;
  const CreateOptions& options;
  const CreateEnvironment& environment;
  const RunPlan& plan;
  const BackupScope scope;
  const BackupTarget& target;
  const Recipients& recipients;  // none: the archive is not encrypted
  Cancellation& cancellation;

  [[nodiscard]] bool encrypted() const { return !recipients.empty(); }
  // Beside the archive; for what is enciphered, if the archive will be encrypted.
  [[nodiscard]] UniqueFd spool() const { return unnamed_file(target.fd.get(), target.directory.string()); }
  // For what is not: where archives are encrypted, not on the disk that they go to.
  [[nodiscard]] UniqueFd open_spool() const {
    if (!encrypted()) return spool();
    const std::filesystem::path& scratch = environment.config.scratch_dir;
    return unnamed_file(open_trusted_directory(scratch, false).get(), scratch.string());
  }
};

struct Written {
  SnapshotRecord record;
  DatabaseTotals database;
  std::uint64_t tar_bytes = 0;
  Sha256Digest manifest_sha256{};
};

// A live SQLite file among the site's files: its consistent copy stands in for it, or nothing in a backup of files
// only.
std::optional<LiveDatabaseFile> live_database(const SiteDatabase& plan, const std::optional<SqliteCopy>& copy) {
  if (!plan.sqlite) return std::nullopt;
  if (!copy) return LiveDatabaseFile{*plan.sqlite, -1, 0};
  return LiveDatabaseFile{copy->path, copy->fd.get(), copy->size_bytes};
}

void sample(Progress& progress, const SnapshotRecord& record, const PartialArchive& partial, const ScanTotals& totals) {
  progress.files_done = record.files;
  progress.bytes_done = record.bytes_read + record.dump_bytes;
  progress.bytes_written = partial.written_bytes();
  if (!totals.ended) return;
  progress.files_total = std::max<std::uint64_t>(totals.files, progress.files_done);
  const std::uint64_t dump = std::max<std::uint64_t>(record.dump_bytes_expected, record.dump_bytes);
  progress.bytes_total = std::max(totals.bytes + dump, progress.bytes_done);
}

// Writes all members. The dump runs while files are read; the first failure of either ends both.
void write_members(const Run& run, PartialArchive& partial, const Json& vhost, std::chrono::sys_seconds time,
                   const std::string& name, Written& written) {
  const FileTime file_time{time.time_since_epoch().count(), 0};
  const std::function<UniqueFd()> make_spool = [&run] { return run.open_spool(); };
  const std::shared_ptr<const FileRoot> folder = run.scope.files ? open_site_folder(run.site) : nullptr;
  OwnerNames names;
  ScanTotals totals;

  const SiteDatabase& plan = run.plan.database;
  const std::optional<SqliteCopy> sqlite =
      run.scope.database ? capture_sqlite(run.site, plan, make_spool, run.cancellation) : std::nullopt;
  FileCapture capture{.site = run.site,
                      .settings = run.plan.settings,
                      .options = run.options,
                      .exclude_caches = run.environment.config.exclude_caches && !run.plan.displaced,
                      .elsewhere = run.plan.elsewhere,
                      .config_files = run.scope.files ? plan.config_files : std::vector<std::string>{},
                      .live_database = live_database(plan, sqlite),
                      .backup_root_fd = run.target.root_fd.get(),
                      .make_spool = make_spool};

  std::vector<std::string> late_paths = capture.config_files;
  late_paths.emplace_back("vhost.json");
  if (run.scope.database) {
    if (!plan.additional.empty()) late_paths.emplace_back("databases");
    for (std::string& member : DatabaseCapture::members(run.site, plan)) late_paths.push_back(std::move(member));
  }

  RunMonitor monitor(
      run.site.name, [&](Progress& progress) { sample(progress, written.record, partial, totals); }, run.cancellation,
      run.options.cancelled, run.options.on_progress);
  FramePool pool(threads_of(run.environment.config), run.environment.config.level, run.cancellation);
  std::optional<AgeWriter> sealing;
  if (run.encrypted()) sealing.emplace(partial, run.recipients, sealing_threads(run.environment.config));
  ByteOutput& output = sealing ? static_cast<ByteOutput&>(*sealing) : partial;
  ArchiveWriter writer(output, pool, threads_of(run.environment.config), name, run.spool(), late_paths, written.record,
                       &partial.hash(), run.encrypted());
  writer.begin(file_time, vhost.dump(2) + "\n");

  std::jthread scanner;
  if (run.options.on_progress && folder) {
    scanner = std::jthread([&](const std::stop_token& stop) {
      try {
        scan_files(capture, folder, names, totals, stop);
      } catch (...) {
        // Without totals there is no percentage; what matters is said by the backup itself.
        totals.ended = false;
      }
    });
  } else {
    totals.ended = true;
  }
  const SiteDatabase nothing;
  DatabaseCapture database({.site = run.site,
                            .database = run.scope.database ? plan : nothing,
                            .sqlite = sqlite ? &*sqlite : nullptr,
                            .known_login = run.plan.known_login,
                            .event_states = run.plan.event_states,
                            .config = run.environment.config,
                            .make_spool = [&run] { return run.spool(); },
                            .hidden = run.encrypted(),
                            .record = written.record,
                            .cancellation = run.cancellation},
                           pool);
  if (folder) {
    monitor.enter_phase("files");
    capture_files(capture, folder, names, writer, written.record, run.cancellation);
  }
  monitor.enter_phase("database");
  written.database = database.store(writer, file_time);
  monitor.enter_phase("finish");

  ManifestHeader header;
  header.tool_version = WOBACKUP_VERSION;
  header.site = run.site.name;
  header.name = name;
  header.created = rfc3339(time);
  header.has_files = run.scope.files;
  header.has_database = run.scope.database;
  if (run.scope.files) {
    header.exclude = left_out_of(capture);
    header.exclude_caches = capture.exclude_caches || run.options.exclude_caches;
  }
  header.tables = written.database.tables;
  header.rows = written.database.rows;
  writer.finish(std::move(header));
  if (sealing) sealing->finish();
  written.tar_bytes = writer.tar_bytes();
  written.manifest_sha256 = writer.manifest_sha256();
  if (scanner.joinable()) scanner.request_stop();
  run.cancellation.check();
  monitor.finish();
}

std::string text_field(const Json& vhost, const char* key) {
  const auto place = vhost.find(key);
  return place != vhost.end() && place->is_string() ? place->get<std::string>() : std::string();
}

// Records the sum, then publishes: a run that is killed between the two leaves a record without an archive, which harms
// nobody, and never an archive without a record.
std::string record_and_publish(const Run& run, PartialArchive& partial, const ArchiveLedger& ledger,
                               std::chrono::sys_seconds time, bool complete, const std::string& sum,
                               const Sha256Digest& manifest_sha256, const Json& vhost) {
  while (true) {
    std::string name = snapshot_timestamp(time) + (complete ? "" : "_incomplete");
    std::string file_name = name + std::string(archive_ending(run.encrypted()));
    ledger.add({.archive = (run.target.directory / file_name).string(),
                .name = name,
                .size_bytes = partial.written_bytes(),
                .sha256 = sum,
                .manifest_sha256 = hex(manifest_sha256),
                .created = rfc3339(time),
                .type = std::string(name_of(run.options.type)),
                .complete = complete,
                .encrypted = run.encrypted(),
                .backup_type = text_field(vhost, "backup_type"),
                .reason = text_field(vhost, "backup_reason")});
    if (partial.publish(file_name)) return file_name;
    time += std::chrono::seconds(1);  // somebody else's file has the name
  }
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(folder)) names.push_back(item.path().filename().string());
  return names;
}

Created create_under_lock(const Site& site, const CreateOptions& options, const CreateEnvironment& environment,
                          bool locked, const std::function<RunPlan(SiteSettings)>& make_plan) {
  const auto started = environment.clock.monotonic();
  check_options(site, options);
  const Recipients recipients = chosen_recipients(site, options, environment.config);
  // One run for each site: the lock is the kernel's, so a killed run leaves none behind.
  const StateFolder state(environment.config.state_dir);
  std::optional<FileLock> lock;
  if (!locked) {
    lock.emplace(state.lock_file(site.name), fmt::format("create {}", site.name), options.wait, options.cancelled);
  }

  const RunPlan plan = make_plan(environment.config.for_site(site.name));
  const BackupScope scope = scope_of(site, options, plan.database);

  const BackupTarget target = open_backup_target(site, backup_root_of(site, environment.config, options.backup_root));
  for (const std::string& name : remove_abandoned_partials(target.fd.get())) {
    if (environment.log)
      environment.log(LogLevel::info, fmt::format("removed {}, left by a killed run", printable(name)));
  }
  const ArchiveLedger ledger(state.path(), site.name);
  const std::uint64_t min_free = min_free_of(environment.config, target);
  const std::optional<LedgerEntry> previous = ledger.latest(name_of(options.type));
  require_space(space_of(target.fd.get(), target.directory), min_free, previous ? previous->size_bytes : 0,
                target.directory);

  const auto now = std::chrono::floor<std::chrono::seconds>(environment.clock.now());
  const std::chrono::sys_seconds time = choose_time(target, ledger, now, environment.log);
  const std::string name = snapshot_timestamp(time);
  const Json vhost = vhost_metadata(site, options, scope, time);

  Cancellation cancellation;
  const Run run{site, options, environment, plan, scope, target, recipients, cancellation};
  PartialArchive partial(target.fd.get(), target.directory, name, {min_free, environment.config.limit_rate},
                         cancellation);
  Written written;
  write_members(run, partial, vhost, time, name, written);
  const std::string sum = hex(partial.sync());
  if (options.cancelled && options.cancelled()) throw Error(ErrorKind::interrupted, "interrupted");

  Created created;
  created.complete = written.record.unreadable_count == 0;
  const std::string published =
      record_and_publish(run, partial, ledger, time, created.complete, sum, written.manifest_sha256, vhost);
  created.archive = target.directory / published;
  created.encrypted = run.encrypted();
  created.size_bytes = partial.written_bytes();
  created.sha256 = sum;
  created.has_files = scope.files;
  created.has_database = scope.database;
  created.files = written.record.files;
  created.entries = written.record.entries;
  created.plaintext_bytes = written.tar_bytes;
  created.tables = written.database.tables;
  created.rows = written.database.rows;
  created.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(environment.clock.monotonic() - started);
  created.unreadable = written.record.unreadable_paths();
  created.unreadable_count = written.record.unreadable_count;
  created.notes = written.record.notes();
  created.notes_count = written.record.notes_count;
  created.vhost = vhost;
  return created;
}

}  // namespace

Created create_snapshot(const Site& site, const CreateOptions& options, const CreateEnvironment& environment) {
  return create_under_lock(site, options, environment, false, [&](SiteSettings settings) {
    RunPlan plan;
    plan.database = resolve_database(site, settings, options.type != BackupType::files);
    plan.settings = std::move(settings);
    return plan;
  });
}

Created create_displaced_snapshot(const Site& site, const CreateOptions& options, const Displaced& displaced,
                                  const CreateEnvironment& environment) {
  return create_under_lock(site, options, environment, displaced.locked, [&](SiteSettings settings) {
    RunPlan plan;
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
    return plan;
  });
}

}  // namespace wobackup
