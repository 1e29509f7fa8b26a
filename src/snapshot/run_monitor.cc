#include "snapshot/run_monitor.h"

#include <utility>

namespace wobackup {

RunMonitor::RunMonitor(std::string site, std::function<void(Progress&)> sample, Cancellation& cancellation,
                       std::function<bool()> cancelled, ProgressCallback on_progress)
    : site_(std::move(site)),
      sample_(std::move(sample)),
      cancellation_(cancellation),
      cancelled_(std::move(cancelled)),
      on_progress_(std::move(on_progress)),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

RunMonitor::~RunMonitor() { thread_.request_stop(); }

void RunMonitor::enter_phase(std::string phase) {
  const std::scoped_lock lock(mutex_);
  if (phase_.empty()) started_ = std::chrono::steady_clock::now();
  phase_ = std::move(phase);
}

void RunMonitor::finish() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (on_progress_) report();
}

void RunMonitor::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (cancelled_ && cancelled_()) cancellation_.cancel();
    if (on_progress_) report();
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, stop, std::chrono::milliseconds(100), [] { return false; });
  }
}

void RunMonitor::report() {
  Progress progress;
  {
    const std::scoped_lock lock(mutex_);
    if (phase_.empty()) return;
    progress.phase = phase_;
    progress.elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
  }
  progress.site = site_;
  sample_(progress);
  on_progress_(progress);
}

}  // namespace wobackup
