// Waiting for an SSH connection within limits.
#pragma once

#include <libssh/libssh.h>

#include <chrono>
#include <string>

#include "base/cancellation.h"
#include "wobackup/error.h"

namespace wobackup {

/// Until when something has to happen.
class SshWait {
 public:
  /// All outlive the object. `shown`: "sftp://host", for messages.
  SshWait(ssh_session session, const std::string& shown, const Cancellation& cancellation, std::chrono::seconds time)
      : session_(session),
        shown_(shown),
        cancellation_(cancellation),
        deadline_(std::chrono::steady_clock::now() + time) {}

  /// Returns when bytes can be received or sent, or after a moment. Throws Error interrupted, and failed (retryable)
  /// when time is up.
  void once() const;

  /// Calls a function of libssh until it does not ask for more time; returns its result. REQUIRES: the session does not
  /// block.
  template <class Function>
  [[nodiscard]] int until_done(const Function& function, int again = SSH_AGAIN) const {
    while (true) {
      const int result = function();
      if (result != again) return result;
      once();
    }
  }

 private:
  ssh_session session_;
  const std::string& shown_;
  const Cancellation& cancellation_;
  std::chrono::steady_clock::time_point deadline_;
};

/// The last error of a session. `what`: "cannot connect to sftp://host".
[[nodiscard]] Error ssh_failure(ssh_session session, const std::string& what, bool retryable);

}  // namespace wobackup
