// Waiting, replaceable in tests.
#pragma once

#include <chrono>

#include "base/cancellation.h"

namespace wobackup {

/// May be used from several threads at once.
class Pause {
 public:
  Pause() = default;
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  virtual ~Pause() = default;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point now() const = 0;
  /// Returns after this time. Throws Error interrupted as soon as the operation is cancelled.
  virtual void wait(std::chrono::milliseconds time, const Cancellation& cancellation) = 0;
};

/// Really waits.
class SystemPause final : public Pause {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }
  void wait(std::chrono::milliseconds time, const Cancellation& cancellation) override;
};

}  // namespace wobackup
