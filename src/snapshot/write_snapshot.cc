#include "snapshot/write_snapshot.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/json_text.h"
#include "base/safe_path.h"
#include "snapshot/run_monitor.h"
#include "store/archive/archive_writer.h"
#include "version.h"

namespace wobackup {
namespace {

constexpr unsigned kMostDefaultThreads = 4;  // more would not fit the memory promised for any site

// A live SQLite file among the site's files: its consistent copy stands in for it, or nothing in a backup of files
// only.
std::optional<LiveDatabaseFile> live_database(const SiteDatabase& plan, const std::optional<SqliteCopy>& copy) {
  if (!plan.sqlite) return std::nullopt;
  if (!copy) return LiveDatabaseFile{*plan.sqlite, -1, 0};
  return LiveDatabaseFile{copy->path, copy->fd.get(), copy->size_bytes};
}

void sample(Progress& progress, const SnapshotRecord& record, std::uint64_t written_bytes, const ScanTotals& totals) {
  progress.files_done = record.files;
  progress.bytes_done = record.bytes_read + record.dump_bytes;
  progress.bytes_written = written_bytes;
  if (!totals.ended) return;
  progress.files_total = std::max<std::uint64_t>(totals.files, progress.files_done);
  const std::uint64_t dump = std::max<std::uint64_t>(record.dump_bytes_expected, record.dump_bytes);
  progress.bytes_total = std::max(totals.bytes + dump, progress.bytes_done);
}

}  // namespace

unsigned compressing_threads(const Config& config) {
  if (config.threads > 0) return config.threads;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kMostDefaultThreads);
}

// The dump runs while files are read; the first failure of either ends both.
void write_snapshot(const SnapshotRun& run, const SnapshotOutput& output, WrittenSnapshot& written) {
  const std::string name = snapshot_timestamp(run.time);
  const FileTime file_time{run.time.time_since_epoch().count(), 0};
  const std::function<UniqueFd()> make_spool = [&run] { return (run.hidden ? run.open_spool() : run.spool()); };
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
                      .backup_root_fd = run.backup_root_fd,
                      .make_spool = make_spool};

  std::vector<std::string> late_paths = capture.config_files;
  late_paths.emplace_back("vhost.json");
  if (run.scope.database) {
    if (!plan.additional.empty()) late_paths.emplace_back("databases");
    for (std::string& member : DatabaseCapture::members(run.site, plan)) late_paths.push_back(std::move(member));
  }

  RunMonitor monitor(
      run.site.name, [&](Progress& progress) { sample(progress, written.record, output.written_bytes(), totals); },
      run.cancellation, run.options.cancelled, run.options.on_progress);
  const unsigned threads = compressing_threads(run.environment.config);
  FramePool pool(threads, run.environment.config.level, run.cancellation);
  ArchiveWriter writer(output.bytes, pool, threads, name, run.spool(), late_paths, written.record, output.beside,
                       run.hidden);
  writer.begin(file_time, run.vhost.dump(2) + "\n");

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
                            .former_name = run.plan.former_name,
                            .config = run.environment.config,
                            .make_spool = [&run] { return run.spool(); },
                            .hidden = run.hidden,
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
  header.created = rfc3339(run.time);
  header.has_files = run.scope.files;
  header.has_database = run.scope.database;
  if (run.scope.files) {
    header.exclude = left_out_of(capture);
    header.exclude_caches = capture.exclude_caches || run.options.exclude_caches;
  }
  header.tables = written.database.tables;
  header.rows = written.database.rows;
  writer.finish(std::move(header));
  output.finish();
  written.tar_bytes = writer.tar_bytes();
  written.manifest_sha256 = writer.manifest_sha256();
  if (scanner.joinable()) scanner.request_stop();
  run.cancellation.check();
  monitor.finish();
}

std::uint64_t count_file_bytes(const SnapshotBeginning& begun) {
  const FileCapture capture{.site = begun.site,
                            .settings = begun.plan.settings,
                            .options = begun.options,
                            .exclude_caches = begun.environment.config.exclude_caches,
                            .config_files = {},
                            .live_database = std::nullopt,
                            .make_spool = {}};
  OwnerNames names;
  ScanTotals totals;
  scan_files(capture, open_site_folder(begun.site), names, totals, {});
  return totals.bytes;
}

Created created_from(const SnapshotRun& run, const WrittenSnapshot& written) {
  Created created;
  created.complete = written.record.unreadable_count == 0;
  created.has_files = run.scope.files;
  created.has_database = run.scope.database;
  created.files = written.record.files;
  created.entries = written.record.entries;
  created.plaintext_bytes = written.tar_bytes;
  created.tables = written.database.tables;
  created.rows = written.database.rows;
  created.unreadable = written.record.unreadable_paths();
  created.unreadable_count = written.record.unreadable_count;
  created.notes = written.record.notes();
  created.notes_count = written.record.notes_count;
  created.vhost = run.vhost;
  return created;
}

LedgerEntry ledger_entry(const SnapshotRun& run, const WrittenSnapshot& written) {
  LedgerEntry entry;
  entry.manifest_sha256 = hex(written.manifest_sha256);
  entry.created = rfc3339(run.time);
  entry.type = std::string(name_of(run.options.type));
  entry.complete = written.record.unreadable_count == 0;
  entry.backup_type = text_member(run.vhost, "backup_type").value_or("");
  entry.reason = text_member(run.vhost, "backup_reason").value_or("");
  return entry;
}

UniqueFd scratch_spool(const Config& config) {
  return unnamed_file(open_trusted_directory(config.scratch_dir, false).get(), config.scratch_dir.string());
}

}  // namespace wobackup
