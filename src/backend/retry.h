// Doing again what failed for a reason that may go away.
#pragma once

#include <chrono>
#include <functional>

#include "backend/pause.h"
#include "base/cancellation.h"
#include "wobackup/error.h"

namespace wobackup {

/// How patiently. The waits double from `first_wait` to `longest_wait`, and each is shortened by up to a half at
/// random, so that many clients of a server that went away do not come back at the same moment.
struct RetryPolicy {
  unsigned attempts = 12;
  std::chrono::milliseconds first_wait{500};
  std::chrono::milliseconds longest_wait{60'000};  ///< with the other defaults: gives up after about four minutes
  /// Told before each wait, from the thread that waits. May be empty.
  std::function<void(const Error&, std::chrono::milliseconds)> on_wait;
};

/// Repeats actions that throw retryable Errors. May be used from several threads at once.
class Retry {
 public:
  /// `pause` and `cancellation` outlive the object.
  Retry(RetryPolicy policy, Pause& pause, const Cancellation& cancellation);

  /// What `action` returns. Throws what it throws, once that is not retryable or patience has ended: then without the
  /// flag, so that nobody around begins anew.
  template <class Action>
  auto operator()(const Action& action) const -> decltype(action()) {
    for (unsigned attempt = 1;; ++attempt) {
      try {
        return action();
      } catch (const Error& error) {
        wait_after(error, attempt);
      }
    }
  }

  [[nodiscard]] const Cancellation& cancellation() const noexcept { return cancellation_; }

 private:
  /// REQUIRES: called while `error` is handled.
  void wait_after(const Error& error, unsigned attempt) const;

  RetryPolicy policy_;
  Pause& pause_;
  const Cancellation& cancellation_;
};

}  // namespace wobackup
