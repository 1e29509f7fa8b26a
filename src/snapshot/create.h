// Makes one backup of one site.
#pragma once

#include "base/clock.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// What a backup needs besides the site and the wish. Outlives the call.
struct CreateEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
};

/// As Service::create. Reads the site's folder and databases, writes one archive, records it. Whatever fails, nothing
/// is left under a final name.
[[nodiscard]] Created create_snapshot(const Site& site, const CreateOptions& options,
                                      const CreateEnvironment& environment);

}  // namespace wobackup
