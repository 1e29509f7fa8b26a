#include "source/database/sqlite_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <thread>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr int kPagesAtOnce = 512;
constexpr int kMostRestarts = 3;

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { ::sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

// The thread's identity for the file system alone (setfsuid(2)), set back by the destructor.
class FileSystemIdentity {
 public:
  FileSystemIdentity(uid_t uid, gid_t gid) : changed_(::geteuid() == 0 && uid != 0) {
    if (!changed_) return;
    ::setfsgid(gid);
    ::setfsuid(uid);
  }
  FileSystemIdentity(const FileSystemIdentity&) = delete;
  FileSystemIdentity& operator=(const FileSystemIdentity&) = delete;
  ~FileSystemIdentity() {
    if (!changed_) return;
    ::setfsuid(0);
    ::setfsgid(0);
  }

 private:
  bool changed_;
};

Error sqlite_error(const std::string& path, int code, const char* message) {
  const std::string what = fmt::format("cannot copy the SQLite database {}: {}", printable(path), printable(message));
  const int kind = code & 0xFF;
  if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED) {
    return Error(ErrorKind::dump, what, "the site holds it locked: try again in a moment", true);
  }
  if (kind == SQLITE_FULL)
    return Error(ErrorKind::no_space, what, "free some space, or choose another place with --path");
  return Error(ErrorKind::dump, what);
}

Database open_database(const std::string& name, int flags, const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = ::sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) throw sqlite_error(path, code, raw == nullptr ? "no memory" : ::sqlite3_errmsg(raw));
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

void copy_pages(sqlite3* from, sqlite3* to, const std::string& path, const Cancellation& cancellation,
                std::chrono::milliseconds patience) {
  const std::unique_ptr<sqlite3_backup, int (*)(sqlite3_backup*)> backup(
      ::sqlite3_backup_init(to, "main", from, "main"), ::sqlite3_backup_finish);
  if (!backup) throw sqlite_error(path, ::sqlite3_errcode(to), ::sqlite3_errmsg(to));
  auto deadline = std::chrono::steady_clock::now() + patience;
  int restarts = 0, least_remaining = -1;
  while (true) {
    cancellation.check();
    // A site that writes all the time makes SQLite begin again and again; then all pages go in one step, which holds a
    // read lock meanwhile.
    const int code = ::sqlite3_backup_step(backup.get(), restarts > kMostRestarts ? -1 : kPagesAtOnce);
    if (code == SQLITE_DONE) return;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      if (std::chrono::steady_clock::now() > deadline) throw sqlite_error(path, code, "database is locked");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    if (code != SQLITE_OK) throw sqlite_error(path, code, ::sqlite3_errstr(code));
    deadline = std::chrono::steady_clock::now() + patience;
    const int remaining = ::sqlite3_backup_remaining(backup.get());
    if (least_remaining >= 0 && remaining >= least_remaining) ++restarts;
    least_remaining = remaining;
  }
}

std::uint64_t count_tables(sqlite3* database, const std::string& path) {
  sqlite3_stmt* raw = nullptr;
  const int code = ::sqlite3_prepare_v2(
      database, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, ::sqlite3_finalize);
  if (code != SQLITE_OK || ::sqlite3_step(raw) != SQLITE_ROW) {
    throw sqlite_error(path, ::sqlite3_errcode(database), ::sqlite3_errmsg(database));
  }
  return static_cast<std::uint64_t>(::sqlite3_column_int64(raw, 0));
}

}  // namespace

SqliteReport copy_sqlite(int site_fd, const std::string& path, int copy_fd, const Cancellation& cancellation,
                         std::chrono::milliseconds patience) {
  const UniqueFd source_fd = open_beneath(site_fd, path, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (!source_fd || ::fstat(source_fd.get(), &status) != 0) {
    throw Error(ErrorKind::dump,
                fmt::format("cannot open the SQLite database {}: {}", printable(path), errno_text(errno)),
                "no part of its path may be a symbolic link");
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::dump, fmt::format("the SQLite database {} is no regular file", printable(path)));
  }
  // SQLite opens by name, since its journals lie beside the file.
  std::string real(4096, '\0');
  const ssize_t size = ::readlink(fmt::format("/proc/self/fd/{}", source_fd.get()).c_str(), real.data(), real.size());
  real.resize(size > 0 ? static_cast<std::size_t>(size) : 0);

  const Database copy = open_database(fmt::format("/proc/self/fd/{}", copy_fd), SQLITE_OPEN_READWRITE, path);
  ::sqlite3_exec(copy.get(), "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  {
    const FileSystemIdentity identity(status.st_uid, status.st_gid);
    // Reading in WAL mode needs the right to write the shared-memory file; rolling back a hot journal, to write the
    // database.
    const Database source = open_database(real, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, path);
    ::sqlite3_busy_timeout(source.get(), 0);
    copy_pages(source.get(), copy.get(), path, cancellation, patience);
  }
  SqliteReport report;
  report.tables = count_tables(copy.get(), path);
  if (::fstat(copy_fd, &status) != 0) throw system_error("cannot read the SQLite copy", errno);
  report.size_bytes = static_cast<std::uint64_t>(status.st_size);
  return report;
}

}  // namespace wobackup
