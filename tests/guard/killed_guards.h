// Guards that are killed while their command runs.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include "wobackup/guard.h"

namespace wobackup::test {

/// Adds them to a fixture that guards a site: GuardedSite, or one that is made of it.
template <class Site>
class KilledGuards : public Site {
 protected:
  /// In a process of its own.
  template <class Action>
  static pid_t in_child(const Action& action) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    try {
      action();
    } catch (...) {
    }
    ::_exit(0);
  }
  static void kill(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  void kill_during_the_change(const std::string& script, const GuardOptions& options = {}) const {
    const pid_t child =
        in_child([&] { static_cast<void>(this->guard(script + "; echo begun; exec sleep 1000", options)); });
    while (this->output().find("begun") == std::string::npos) ::usleep(1000);
    kill(child);
  }
  /// Until it is in this phase, or has missed it.
  void await_phase(std::string_view phase) const {
    for (int attempt = 0; attempt < 5000; ++attempt) {
      const auto found = this->service().pending_guard("example.com");
      if (found && found->phase == phase) return;
      ::usleep(500);
    }
  }
  [[nodiscard]] std::optional<PendingGuard> pending() const {
    std::optional<PendingGuard> found;
    for (int attempt = 0; attempt < 1000; ++attempt) {  // its keeper needs a moment
      found = this->service().pending_guard("example.com");
      if (!found || !found->running) break;
      ::usleep(10'000);
    }
    return found;
  }
};

}  // namespace wobackup::test
