// A consistent copy of a site's SQLite database while the site writes to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/cancellation.h"

namespace wobackup {

struct SqliteReport {
  std::uint64_t size_bytes = 0;
  std::uint64_t tables = 0;
};

/// Copies the database at `path` below the folder `site_fd` into the empty file `copy_fd` by SQLite's backup interface.
/// The file belongs to the site: no link is followed on the way, and as root the copying thread takes the file owner's
/// identity for the file system, so that files planted beside the database (-wal, -journal) lead nowhere else. Throws
/// Error dump for a file that is missing, no database, damaged, or locked for longer than `patience`.
[[nodiscard]] SqliteReport copy_sqlite(int site_fd, const std::string& path, int copy_fd,
                                       const Cancellation& cancellation,
                                       std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace wobackup
