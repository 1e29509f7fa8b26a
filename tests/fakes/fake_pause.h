// Time that passes when somebody waits.
#pragma once

#include <mutex>
#include <numeric>
#include <vector>

#include "backend/pause.h"

namespace wobackup::test {

class FakePause final : public Pause {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  void wait(std::chrono::milliseconds time, const Cancellation& cancellation) override {
    cancellation.check();
    const std::scoped_lock lock(mutex_);
    now_ += time;
    waits_.push_back(time);
  }
  [[nodiscard]] std::vector<std::chrono::milliseconds> waits() const {
    const std::scoped_lock lock(mutex_);
    return waits_;
  }
  [[nodiscard]] std::chrono::milliseconds waited() const {
    const std::scoped_lock lock(mutex_);
    return std::accumulate(waits_.begin(), waits_.end(), std::chrono::milliseconds{});
  }

 private:
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point now_;
  std::vector<std::chrono::milliseconds> waits_;
};

}  // namespace wobackup::test
