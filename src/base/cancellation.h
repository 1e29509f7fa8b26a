// Stopping a running operation from outside and from within.
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>

#include "wobackup/error.h"

namespace wobackup {

/// Carried by reference through an operation. Thread-safe. `check` throws Error interrupted once somebody asked for
/// the end, either through `cancel` or because the operation's own stop source was triggered.
class Cancellation {
 public:
  void cancel() noexcept { source_.request_stop(); }
  [[nodiscard]] bool cancelled() const noexcept { return source_.stop_requested(); }
  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }
  void check() const {
    if (cancelled()) throw Error(ErrorKind::interrupted, "interrupted");
  }

 private:
  std::stop_source source_;
};

}  // namespace wobackup
