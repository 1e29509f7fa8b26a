// The file that an SQLite database is copied into, as SQLite sees it.
#pragma once

#include <sqlite3.h>

#include <string>

namespace wobackup {

/// Lets SQLite work on an open descriptor, which may have no name (SQLite opens files by name only). It reads and
/// writes this descriptor and nothing else: there are no locks, journals, WAL or temporary files. Known to SQLite under
/// `name()` for its life. The descriptor is not closed. Databases opened through it must be closed before it goes.
class SqliteTarget {
 public:
  enum class Use {
    write,  ///< of an empty file
    read,   ///< of one that no longer changes, also if it says that it has a WAL
  };

  /// Throws Error dump if SQLite does not take it.
  SqliteTarget(int fd, Use use);
  SqliteTarget(const SqliteTarget&) = delete;
  SqliteTarget& operator=(const SqliteTarget&) = delete;
  ~SqliteTarget();

  [[nodiscard]] const char* name() const noexcept { return name_.c_str(); }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] Use use() const noexcept { return use_; }

 private:
  int fd_;
  Use use_;
  std::string name_;
  sqlite3_vfs system_{};
};

}  // namespace wobackup
