// Watches a running operation: asks whether it shall end, and tells how far it is.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/cancellation.h"
#include "store/archive/partial_archive.h"
#include "store/archive/snapshot_record.h"
#include "wobackup/progress.h"

namespace wobackup {

/// What a scan beside the backup has found so far.
struct ScanTotals {
  std::atomic<std::uint64_t> files{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<bool> ended{false};
};

/// A thread that lives as long as the object. Ten times a second it calls `cancelled` (and then cancels the run) and
/// `on_progress`; the last progress comes from `finish`. Everything referred to outlives it.
class RunMonitor {
 public:
  RunMonitor(std::string site, const SnapshotRecord& record, const PartialArchive& partial, const ScanTotals& totals,
             Cancellation& cancellation, std::function<bool()> cancelled, ProgressCallback on_progress);
  ~RunMonitor();
  RunMonitor(const RunMonitor&) = delete;
  RunMonitor& operator=(const RunMonitor&) = delete;

  /// Names what is being done; shown in the next progress.
  void enter_phase(std::string phase);
  /// Ends the thread after a last progress.
  void finish();

 private:
  void watch(const std::stop_token& stop);
  void report();

  const std::string site_;
  const SnapshotRecord& record_;
  const PartialArchive& partial_;
  const ScanTotals& totals_;
  Cancellation& cancellation_;
  const std::function<bool()> cancelled_;
  const ProgressCallback on_progress_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::string phase_;
  std::jthread thread_;
};

}  // namespace wobackup
