// Whether a site may be updated now.
#pragma once

#include <string>

#include "base/file_lock.h"
#include "wobackup/autoupdate.h"
#include "wobackup/service.h"

namespace wobackup {

/// Throws Error locked while WordPress shows its maintenance page.
void require_no_maintenance(const Site& site);
/// Throws Error locked for a guard or restore that was killed, and is to be decided first.
void require_settled(const Service& service, const std::string& site);
/// Throws Error locked if another run has it for longer than options.wait.
[[nodiscard]] FileLock autoupdate_lock(const Config& config, const std::string& site, const AutoupdateOptions& options);

}  // namespace wobackup
