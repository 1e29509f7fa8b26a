// The use case "guard a change".
#pragma once

#include <functional>

#include "guard/guard_environment.h"
#include "wobackup/guard.h"
#include "wobackup/site.h"

namespace wobackup {

/// As Service::guard.
[[nodiscard]] GuardResult guard_change(const Site& site, const GuardOptions& options,
                                       const std::function<void(const GuardedChange&)>& change,
                                       const GuardEnvironment& environment);
[[nodiscard]] GuardResult guard_command(const Site& site, const GuardOptions& options, const GuardCommand& command,
                                        const GuardEnvironment& environment);

}  // namespace wobackup
