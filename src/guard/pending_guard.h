// Guards that were killed: what is known of them, and how they are ended.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/guard_environment.h"
#include "wobackup/guard.h"

namespace wobackup {

/// As Service::pending_guard.
[[nodiscard]] std::optional<PendingGuard> pending_guard_of(const std::string& site, const Config& config);
/// As Service::pending_guards.
[[nodiscard]] std::vector<PendingGuard> pending_guards_in(const Config& config);
/// As Service::resume_guard, abort_guard. REQUIRES: `site` is a valid host name.
[[nodiscard]] GuardResult resume_guard(const std::string& site, const GuardEnvironment& environment);
[[nodiscard]] GuardResult abort_guard(const std::string& site, const GuardEnvironment& environment);

}  // namespace wobackup
