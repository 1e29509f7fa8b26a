// Puts a site's databases into an archive.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/cancellation.h"
#include "base/unique_fd.h"
#include "container/frame_pool.h"
#include "snapshot/database_plan.h"
#include "snapshot/file_capture.h"
#include "store/archive/archive_writer.h"
#include "store/archive/dump_spool.h"
#include "wobackup/config.h"
#include "wobackup/log.h"

namespace wobackup {

/// Sums over all databases of a backup.
struct DatabaseTotals {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
};

/// Dumps beside the reading of the files: the constructor begins, `store` waits and appends. A failing dump fails the
/// pool, so that the whole backup ends at once. Everything referred to outlives the object.
class DatabaseCapture {
 public:
  DatabaseCapture(const Site& site, const DatabasePlan& plan, const Config& config, FramePool& pool,
                  const std::function<UniqueFd()>& make_spool, SnapshotRecord& record, Cancellation& cancellation,
                  const LogSink& log);
  /// Ends a dump that is still running.
  ~DatabaseCapture();
  DatabaseCapture(const DatabaseCapture&) = delete;
  DatabaseCapture& operator=(const DatabaseCapture&) = delete;

  /// Waits for the dumps and appends them as the archive's last members. Throws what made a dump fail.
  [[nodiscard]] DatabaseTotals store(ArchiveWriter& writer, FileTime time);

 private:
  struct Dump {
    std::string member;  // path in the archive
    std::string name;
    std::unique_ptr<DumpSpool> spool;
    Json description;
    DatabaseTotals totals;
  };
  void run(const Site& site, const Config& config, FramePool& pool, const std::function<UniqueFd()>& make_spool);
  void dump_one(Dump& dump, const Site& site, const Config& config);

  const DatabasePlan& plan_;
  SnapshotRecord& record_;
  Cancellation& cancellation_;
  const LogSink& log_;
  std::vector<Dump> dumps_;
  std::exception_ptr error_;
  std::jthread thread_;
};

}  // namespace wobackup
