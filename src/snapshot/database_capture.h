// Puts a site's databases into an archive.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/cancellation.h"
#include "base/unique_fd.h"
#include "container/frame_pool.h"
#include "database/event_status.h"
#include "database/site_login.h"
#include "site/database_login.h"
#include "snapshot/file_capture.h"
#include "store/archive/archive_writer.h"
#include "store/archive/dump_spool.h"
#include "wobackup/config.h"

namespace wobackup {

/// Sums over all databases of a backup.
struct DatabaseTotals {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
};

/// The consistent copy of a site's SQLite database, in an unnamed file.
struct SqliteCopy {
  std::string path;  ///< of the live file, relative to the site's folder
  UniqueFd fd;
  std::uint64_t size_bytes = 0;
  std::uint64_t tables = 0;
};

/// Makes the copy if the site has such a database.
[[nodiscard]] std::optional<SqliteCopy> capture_sqlite(const Site& site, const SiteDatabase& database,
                                                       const std::function<UniqueFd()>& make_spool,
                                                       const Cancellation& cancellation);

/// Dumps beside the reading of the files: the constructor begins, `store` waits and appends. A failing dump fails the
/// pool, so that the whole backup ends at once. Everything referred to outlives the object.
class DatabaseCapture {
 public:
  /// What to dump and with what.
  struct Job {
    const Site& site;
    const SiteDatabase& database;
    const SqliteCopy* sqlite = nullptr;
    std::optional<SiteServerLogin> known_login = {};  ///< as in DumpRequest
    EventStatus event_states = {};                    ///< the same
    std::string former_name = {};                     ///< the same
    const Config& config;
    std::function<UniqueFd()> make_spool;
    bool hidden = false;  ///< spools are enciphered
    SnapshotRecord& record;
    Cancellation& cancellation;
  };

  DatabaseCapture(Job job, FramePool& pool);
  /// Ends a dump that is still running.
  ~DatabaseCapture();
  DatabaseCapture(const DatabaseCapture&) = delete;
  DatabaseCapture& operator=(const DatabaseCapture&) = delete;

  /// Paths in the archive of all dumps of a site.
  [[nodiscard]] static std::vector<std::string> members(const Site& site, const SiteDatabase& database);

  /// Waits for the dumps and appends them as the archive's last members, the site's own the very last. Throws what made
  /// a dump fail.
  [[nodiscard]] DatabaseTotals store(ArchiveWriter& writer, FileTime time);

 private:
  struct Dump;
  void run(FramePool& pool);
  void dump_mysql(Dump& dump);
  void dump_sqlite(Dump& dump);

  const Job job_;
  std::vector<std::unique_ptr<Dump>> dumps_;
  std::exception_ptr error_;
  bool stored_ = false;
  std::jthread thread_;
};

}  // namespace wobackup
