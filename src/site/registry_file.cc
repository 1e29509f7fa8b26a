#include "site/registry_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr int kLargestValue = 1 << 20;  // bytes

void require_file(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISREG(status.st_mode)) return;
    throw Error(ErrorKind::failed, fmt::format("the WordOps registry {} is not a regular file", path.string()));
  }
  if (errno != ENOENT && errno != ENOTDIR) {
    throw system_error(fmt::format("cannot read the WordOps registry {}", path.string()), errno);
  }
  throw Error(ErrorKind::not_found, fmt::format("there is no WordOps registry at {}", path.string()),
              "set \"registry\" in wobackup.toml, or name the sites there: [site.\"example.com\"]");
}

// A URI, since only there the file can be declared immutable.
std::string uri_of(const std::filesystem::path& path, bool immutable) {
  std::string uri = "file://";  // an empty authority: else a path that begins with two slashes would have one
  for (const char c : std::filesystem::absolute(path).string()) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + (immutable ? "?immutable=1" : "");
}

// The log lies beside the file itself, not beside a link to it. If that cannot be told, there may be one.
bool has_unfinished_log(const std::filesystem::path& path) {
  std::error_code unknown;
  const std::filesystem::path file = std::filesystem::canonical(path, unknown);
  struct stat status {};
  return unknown || (::stat((file.string() + "-wal").c_str(), &status) == 0 && status.st_size > 0);
}

SqliteHandle open(const std::filesystem::path& path, bool immutable, std::chrono::milliseconds patience) {
  sqlite3* raw = nullptr;
  const int code = ::sqlite3_open_v2(uri_of(path, immutable).c_str(), &raw,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteHandle database(raw);
  if (code != SQLITE_OK) throw registry_error(path, code, raw == nullptr ? "no memory" : ::sqlite3_errmsg(raw));
  ::sqlite3_busy_timeout(raw, static_cast<int>(patience.count()));
  ::sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, kLargestValue);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  ::sqlite3_exec(raw, "PRAGMA cell_size_check = ON", nullptr, nullptr, nullptr);
  return database;
}

// The first read takes the lock and looks at the log; its result code.
int first_read(sqlite3* database) {
  return ::sqlite3_exec(database, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
}

}  // namespace

Error registry_error(const std::filesystem::path& path, int code, const std::string& message) {
  const std::string what = fmt::format("cannot read the WordOps registry {}: {}", path.string(), printable(message));
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorKind::failed, what, "another program holds it locked: try again in a moment", true);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Error(ErrorKind::failed, what, "the file is damaged: restore it, or name the sites in wobackup.toml");
    case SQLITE_CANTOPEN:
      return Error(ErrorKind::failed, what, "its folder must be writable while its write-ahead log has content");
    default:
      return Error(ErrorKind::failed, what);
  }
}

SqliteHandle open_registry(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  require_file(path);
  SqliteHandle database = open(path, false, patience);
  int code = first_read(database.get());
  // A file in WAL mode needs files beside it. Where those cannot be made, nobody can be writing either.
  if ((code & 0xFF) == SQLITE_CANTOPEN && !has_unfinished_log(path)) {
    database = open(path, true, patience);
    code = first_read(database.get());
  }
  if (code != SQLITE_OK) throw registry_error(path, code, ::sqlite3_errmsg(database.get()));
  return database;
}

SqliteStatement prepare(sqlite3* database, const char* sql, const std::filesystem::path& path) {
  sqlite3_stmt* raw = nullptr;
  const int code = ::sqlite3_prepare_v2(database, sql, -1, &raw, nullptr);
  if (code != SQLITE_OK) throw registry_error(path, code, ::sqlite3_errmsg(database));
  return SqliteStatement(raw);
}

}  // namespace wobackup
