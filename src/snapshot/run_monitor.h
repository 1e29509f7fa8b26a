// Watches a running operation: asks whether it shall end, and tells how far it is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/cancellation.h"
#include "wobackup/progress.h"

namespace wobackup {

/// A thread that lives as long as the object. Ten times a second it calls `cancelled` (and then cancels the run) and
/// `on_progress`; the last progress comes from `finish`. `sample` fills in the counters. Everything referred to
/// outlives it. Before the first phase nothing is told, and time does not count: what the operation begins with may
/// have a monitor of its own.
class RunMonitor {
 public:
  RunMonitor(std::string site, std::function<void(Progress&)> sample, Cancellation& cancellation,
             std::function<bool()> cancelled, ProgressCallback on_progress);
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
  const std::function<void(Progress&)> sample_;
  Cancellation& cancellation_;
  const std::function<bool()> cancelled_;
  const ProgressCallback on_progress_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point started_;
  std::condition_variable_any ended_;
  std::string phase_;
  std::jthread thread_;
};

}  // namespace wobackup
