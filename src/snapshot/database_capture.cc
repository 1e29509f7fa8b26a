#include "snapshot/database_capture.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <utility>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "source/database/mysql_dump.h"
#include "source/database/sqlite_copy.h"

namespace wobackup {
namespace {

std::string member_name(const Site& site, const SiteDatabase& database) {
  return site.name + (database.sqlite ? ".sqlite" : ".sql");
}

// Counts what passes, for the progress.
class CountingSink final : public ByteSink {
 public:
  CountingSink(ByteSink& next, SnapshotRecord& record) : next_(next), record_(record) {}
  void write(ByteSpan bytes) override {
    next_.write(bytes);
    record_.dump_bytes += bytes.size();
    passed_ += bytes.size();
  }
  void restart() override {
    next_.restart();
    record_.dump_bytes -= std::exchange(passed_, 0);
  }

 private:
  ByteSink& next_;
  SnapshotRecord& record_;
  std::uint64_t passed_ = 0;
};

}  // namespace

// One dump and what is known of it.
struct DatabaseCapture::Dump {
  std::string member;  // path in the archive
  std::string database;
  std::unique_ptr<DumpSpool> spool;
  DumpReport report;
};

std::optional<SqliteCopy> capture_sqlite(const Site& site, const SiteDatabase& database,
                                         const std::function<UniqueFd()>& make_spool,
                                         const Cancellation& cancellation) {
  if (!database.sqlite) return std::nullopt;
  SqliteCopy copy;
  copy.path = *database.sqlite;
  copy.fd = make_spool();
  const UniqueFd folder = open_trusted_directory(site.path, false);
  try {
    const SqliteReport report = copy_sqlite(folder.get(), copy.path, copy.fd.get(), cancellation);
    copy.size_bytes = report.size_bytes;
    copy.tables = report.tables;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::dump) throw;
    throw error.in(fmt::format("database dump failed: {}", site.name));
  }
  return copy;
}

DatabaseCapture::DatabaseCapture(Job job, FramePool& pool) : job_(std::move(job)) {
  const auto add = [this, &pool](std::string member, std::string database) {
    auto dump = std::make_unique<Dump>();
    dump->member = std::move(member);
    dump->database = std::move(database);
    dump->spool = std::make_unique<DumpSpool>(pool, job_.make_spool(), job_.hidden);
    dumps_.push_back(std::move(dump));
  };
  for (const std::string& name : job_.database.additional) add(fmt::format("databases/{}.sql", name), name);
  if (job_.database.login) add(member_name(job_.site, job_.database), job_.database.login->name);
  if (job_.sqlite != nullptr) add(member_name(job_.site, job_.database), "");
  if (!dumps_.empty()) thread_ = std::jthread([this, &pool] { run(pool); });
}

DatabaseCapture::~DatabaseCapture() {
  // Left early because something else failed: the dump is of no use any more.
  if (!stored_) job_.cancellation.cancel();
}

std::vector<std::string> DatabaseCapture::members(const Site& site, const SiteDatabase& database) {
  std::vector<std::string> names;
  for (const std::string& name : database.additional) names.push_back(fmt::format("databases/{}.sql", name));
  if (database.has_database()) names.push_back(member_name(site, database));
  return names;
}

void DatabaseCapture::run(FramePool& pool) {
  try {
    for (const auto& dump : dumps_) {
      if (job_.sqlite != nullptr) {
        dump_sqlite(*dump);
      } else {
        dump_mysql(*dump);
      }
      dump->spool->finish();
    }
  } catch (...) {
    error_ = std::current_exception();
    pool.fail(error_);
  }
}

void DatabaseCapture::dump_mysql(Dump& dump) {
  CountingSink sink(*dump.spool, job_.record);
  SnapshotRecord& record = job_.record;
  const DumpRequest request{
      .site = job_.site.name,
      .login = *job_.database.login,
      .database = dump.database,
      .named_by_admin = job_.database.named_by_admin || dump.database != job_.database.login->name,
      .known_login = job_.known_login,
      .event_states = job_.event_states,
      .former_name = job_.former_name,
      .defaults = job_.config.database,
      .on_size = [&record](std::uint64_t bytes) { record.dump_bytes_expected += bytes; },
      .on_note = [&record, &dump](const std::string& what) { record.note(dump.member, what); }};
  dump.report = dump_database(request, sink, job_.cancellation);
}

void DatabaseCapture::dump_sqlite(Dump& dump) {
  CountingSink sink(*dump.spool, job_.record);
  job_.record.dump_bytes_expected += job_.sqlite->size_bytes;
  ByteVector buffer(std::size_t{1} << 20U);
  for (std::uint64_t at = 0; at < job_.sqlite->size_bytes;) {
    job_.cancellation.check();
    const std::size_t size = pread_up_to(job_.sqlite->fd.get(), buffer, at, "the SQLite copy");
    if (size == 0) throw Error(ErrorKind::dump, "the SQLite copy is shorter than it was");
    sink.write({buffer.data(), size});
    at += size;
  }
  dump.report.tables = job_.sqlite->tables;
  dump.report.description["engine"] = "sqlite";
  put_text(dump.report.description, "path", job_.sqlite->path);
  dump.report.description["table_count"] = job_.sqlite->tables;
}

DatabaseTotals DatabaseCapture::store(ArchiveWriter& writer, FileTime time) {
  if (thread_.joinable()) thread_.join();
  if (error_) std::rethrow_exception(error_);
  DatabaseTotals totals;
  if (!job_.database.additional.empty() && !dumps_.empty()) {
    ArchiveMember folder;
    folder.entry.path = "databases";
    folder.entry.type = EntryType::directory;
    folder.entry.mode = 0700;
    folder.entry.mtime = time;
    folder.late = true;
    writer.add(std::move(folder));
  }
  for (const auto& dump : dumps_) {
    totals.tables += dump->report.tables;
    totals.rows += dump->report.rows;
    Entry entry;
    entry.path = dump->member;
    entry.mode = 0600;
    entry.mtime = time;
    writer.add_dump(std::move(entry), *dump->spool, std::move(dump->report.description));
  }
  stored_ = true;
  return totals;
}

}  // namespace wobackup
