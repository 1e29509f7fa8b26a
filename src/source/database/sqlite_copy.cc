#include "source/database/sqlite_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "source/database/sqlite_copy_identity.h"
#include "source/database/sqlite_copy_target.h"

namespace wobackup {
namespace {

constexpr int kPagesAtOnce = 512;
constexpr int kMostRestarts = 3;
constexpr std::chrono::milliseconds kBusyPause{20};
constexpr std::chrono::milliseconds kPause{1};

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { ::sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

Error copy_error(const std::string& path, std::string_view why, std::string hint = {}) {
  return Error(ErrorKind::dump, fmt::format("cannot copy the SQLite database {}: {}", printable(path), printable(why)),
               std::move(hint));
}

bool is_busy(int code) {
  const int kind = code & 0xFF;
  return kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_PROTOCOL;
}

Error sqlite_error(const std::string& path, int code, const char* message) {
  Error error = copy_error(path, message);
  if (is_busy(code)) {
    return Error(ErrorKind::dump, error.message(), "the site holds it locked: try again in a moment", true);
  }
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return Error(ErrorKind::no_space, error.message(), "free some space, or choose another place with --path");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return error.with_hint("repair it, for example with sqlite3's .recover, or restore it from an older backup");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return error.with_hint("its owner must be able to read it and to write to its folder");
    default:
      return error;
  }
}

// Waits for the site's locks: in all, not each time, since a site could otherwise hold up everybody's backups.
class Patience {
 public:
  Patience(std::chrono::milliseconds limit, const Cancellation& cancellation)
      : left_(limit), cancellation_(cancellation) {}

  // False if there is no time left.
  bool wait() {
    cancellation_.check();
    if (left_ <= std::chrono::milliseconds::zero()) return false;
    std::this_thread::sleep_for(kBusyPause);
    left_ -= kBusyPause;
    return true;
  }

 private:
  std::chrono::milliseconds left_;
  const Cancellation& cancellation_;
};

int open_without_waiting(const char* path, int flags, int mode) { return ::open(path, flags | O_NONBLOCK, mode); }

// A FIFO with the name of a journal would stop open(2) for ever, and looking first would leave time to plant it. This
// is a setting of SQLite in the process; for regular files it changes nothing.
void make_sqlite_open_without_waiting() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_vfs* const system = ::sqlite3_vfs_find("unix");
    if (system == nullptr || system->xSetSystemCall == nullptr) return;
    system->xSetSystemCall(system, "open", reinterpret_cast<sqlite3_syscall_ptr>(open_without_waiting));
  });
}

Database open_database(const std::string& name, int flags, const char* system, const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = ::sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, system);
  Database database(raw);
  if (code != SQLITE_OK) throw sqlite_error(path, code, raw == nullptr ? "no memory" : ::sqlite3_errmsg(raw));
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

// Runs one of our own statements; returns the first column of its first row, if any.
std::string run(sqlite3* database, const char* sql, const std::string& path, Patience& patience) {
  while (true) {
    sqlite3_stmt* raw = nullptr;
    int code = ::sqlite3_prepare_v2(database, sql, -1, &raw, nullptr);
    const Statement statement(raw, ::sqlite3_finalize);
    if (code == SQLITE_OK) code = ::sqlite3_step(raw);
    if (code == SQLITE_DONE) return {};
    if (code == SQLITE_ROW) {
      const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(raw, 0));
      return text == nullptr ? "" : text;
    }
    if (!is_busy(code) || !patience.wait()) throw sqlite_error(path, code, ::sqlite3_errmsg(database));
  }
}

// From here on the source stays at one state until it is closed.
void hold_state(sqlite3* source, const std::string& path, Patience& patience) {
  run(source, "BEGIN", path, patience);
  run(source, "SELECT count(*) FROM sqlite_master", path, patience);
}

void copy_pages(sqlite3* source, sqlite3* copy, const std::string& path, Patience& patience,
                const Cancellation& cancellation) {
  // Reading a database with a WAL is in nobody's way. Otherwise the site may write between two steps, and SQLite begins
  // anew then; against a site that writes all the time, only holding a read lock helps.
  bool held = run(source, "PRAGMA journal_mode", path, patience) == "wal";
  if (held) hold_state(source, path, patience);
  const std::unique_ptr<sqlite3_backup, int (*)(sqlite3_backup*)> backup(
      ::sqlite3_backup_init(copy, "main", source, "main"), ::sqlite3_backup_finish);
  if (!backup) throw sqlite_error(path, ::sqlite3_errcode(copy), ::sqlite3_errmsg(copy));
  int restarts = 0, least_remaining = INT_MAX;
  while (true) {
    cancellation.check();
    const int code = ::sqlite3_backup_step(backup.get(), kPagesAtOnce);
    if (code == SQLITE_DONE) return;
    if (is_busy(code)) {
      if (!patience.wait()) throw sqlite_error(path, code, "database is locked");
      continue;
    }
    if (code != SQLITE_OK) throw sqlite_error(path, code, ::sqlite3_errstr(code));
    const int remaining = ::sqlite3_backup_remaining(backup.get());
    if (!held && remaining >= least_remaining && ++restarts >= kMostRestarts) {
      hold_state(source, path, patience);
      held = true;
    }
    least_remaining = remaining;
    if (!held) std::this_thread::sleep_for(kPause);
  }
}

Database open_copy(const SqliteTarget& target, const std::string& path, Patience& patience) {
  Database copy = open_database("copy", SQLITE_OPEN_READWRITE, target.name(), path);
  if (run(copy.get(), "PRAGMA journal_mode = OFF", path, patience) != "off") {
    throw copy_error(path, "SQLite insists on a journal");  // a setting of this build of it
  }
  run(copy.get(), "PRAGMA synchronous = OFF", path, patience);
  return copy;
}

// The file that SQLite is to open, and the name under which it finds its journals, too.
struct Source {
  UniqueFd fd;
  struct stat status {};
  std::string name;
};

Source find_source(int site_fd, const std::string& path) {
  Source source;
  source.fd = open_beneath(site_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!source.fd) {
    const int error_number = errno;
    throw copy_error(path, errno_text(error_number),
                     error_number == ELOOP ? "no part of its path may be a symbolic link"
                                           : "is the path right, relative to the site's folder?");
  }
  if (::fstat(source.fd.get(), &source.status) != 0) throw copy_error(path, errno_text(errno));
  if (!S_ISREG(source.status.st_mode)) throw copy_error(path, "it is no regular file");
  if (source.status.st_size == 0) throw copy_error(path, "the file is empty");
  std::array<char, PATH_MAX> name{};
  const ssize_t size = ::readlink(fmt::format("/proc/self/fd/{}", source.fd.get()).c_str(), name.data(), name.size());
  if (size <= 0) throw copy_error(path, errno_text(errno));
  source.name.assign(name.data(), static_cast<std::size_t>(size));
  return source;
}

// The site may have put another file in the place of the one that was looked at.
void check_same_file(sqlite3* database, const Source& source, const std::string& path) {
  int moved = 0;
  struct stat now {};
  if (::sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved != 0 ||
      ::lstat(source.name.c_str(), &now) != 0 || now.st_dev != source.status.st_dev ||
      now.st_ino != source.status.st_ino) {
    throw copy_error(path, "it was replaced while it was opened", "try again");
  }
}

Database open_source(const Source& source, const std::string& path) {
  struct stat wal {};
  const bool has_wal = ::lstat((source.name + "-wal").c_str(), &wal) == 0 && wal.st_size > 0;
  // Reading in WAL mode needs the right to write the shared-memory file; rolling back a hot journal, to write the
  // database. SQLite opens it for reading only where that is all that the owner can do.
  Database database = open_database(source.name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, nullptr, path);
  ::sqlite3_db_config(database.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_busy_timeout(database.get(), 0);
  // Leave a WAL as it was found; one that SQLite had to make for us goes again.
  if (has_wal) ::sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  check_same_file(database.get(), source, path);
  return database;
}

// Looks at the finished file as a stranger would.
SqliteReport inspect(int copy_fd, const std::string& path, Patience& patience) {
  std::array<std::byte, 100> header{};
  struct stat status {};
  if (::fstat(copy_fd, &status) != 0) throw system_error("cannot read the SQLite copy", errno);
  const auto big_endian = [&header](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value << 8U | std::to_integer<std::uint64_t>(header[i]);
    return value;
  };
  const bool whole = pread_up_to(copy_fd, header, 0, "the SQLite copy") == header.size();
  const std::uint64_t page_size = big_endian(16, 2) == 1 ? 65536 : big_endian(16, 2);
  const auto size_bytes = static_cast<std::uint64_t>(status.st_size);
  if (!whole || !text_of(header).starts_with(std::string_view("SQLite format 3\0", 16)) ||
      page_size * big_endian(28, 4) != size_bytes) {
    throw copy_error(path, "the copy is not a whole database");
  }
  const SqliteTarget target(copy_fd, SqliteTarget::Use::read);
  const Database copy = open_database("copy", SQLITE_OPEN_READONLY, target.name(), path);
  const std::string tables = run(copy.get(),
                                 "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND "
                                 "name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
                                 path, patience);
  return {size_bytes, std::stoull(tables)};
}

}  // namespace

SqliteReport copy_sqlite(int site_fd, const std::string& path, int copy_fd, const Cancellation& cancellation,
                         std::chrono::milliseconds limit) {
  make_sqlite_open_without_waiting();
  const Source source = find_source(site_fd, path);
  const FileOwner owner = owner_of_database(site_fd, path);
  Patience patience(limit, cancellation);
  {
    const SqliteTarget target(copy_fd, SqliteTarget::Use::write);
    const Database copy = open_copy(target, path, patience);
    const FileSystemIdentity identity(owner);
    const Database database = open_source(source, path);
    copy_pages(database.get(), copy.get(), path, patience, cancellation);
  }
  return inspect(copy_fd, path, patience);
}

}  // namespace wobackup
