// A consistent copy of a site's SQLite database while the site writes to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/cancellation.h"

namespace wobackup {

struct SqliteReport {
  std::uint64_t size_bytes = 0;
  std::uint64_t tables = 0;  ///< without SQLite's own
};

/// Copies the database at `path` below the folder `site_fd` into the empty file `copy_fd`, which may have no name, by
/// SQLite's backup interface: one state of the database, whoever writes meanwhile. A database with a WAL never makes
/// the site wait; another one at most for the time of reading the file once.
///
/// The file belongs to the site: no link is followed on the way; as root, the copying thread takes the owner's identity
/// for the file system, so that files planted beside the database (-wal, -journal) lead nowhere else and files made
/// there are the site's. From the first call on, SQLite opens every file of this process with O_NONBLOCK, so that a
/// planted FIFO cannot stop it.
///
/// Nothing else of the process may open and close the same file meanwhile (POSIX locks would be lost). Throws Error
/// dump for a file that is missing, empty, no database, damaged, or locked for longer than `patience` in all; no_space;
/// interrupted within a fraction of a second of a cancellation. The copy is then of no use.
[[nodiscard]] SqliteReport copy_sqlite(int site_fd, const std::string& path, int copy_fd,
                                       const Cancellation& cancellation,
                                       std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace wobackup
