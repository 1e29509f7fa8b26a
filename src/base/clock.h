// Time, replaceable in tests.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wobackup {

/// Wall time and monotonic time. May be called from any thread.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point monotonic() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override {
    return std::chrono::steady_clock::now();
  }
};

/// "2025-01-20_14-25-30": how archives are named. UTC.
[[nodiscard]] std::string snapshot_timestamp(std::chrono::sys_seconds time);
/// The inverse, of the first 19 characters; nothing if they are not such a time (a 31st of April is not).
[[nodiscard]] std::optional<std::chrono::sys_seconds> time_from_snapshot_timestamp(std::string_view name);
/// "2025-01-20T14:25:30+00:00"
[[nodiscard]] std::string rfc3339(std::chrono::sys_seconds time);

}  // namespace wobackup
