// The drill: a backup is restored where nobody needs it, to see that it can be.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/random_access.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/verify.h"

namespace wobackup {

struct DrillEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
  /// The archive as it is stored, if it is no file of this machine; the path is its name then.
  std::shared_ptr<const RandomAccess> stored = nullptr;
};

/// Restores an archive whose data was verified (`verified.ok`) into a scratch folder and a scratch database, counts
/// tables and rows, and starts its WordPress there, as the live site's user, without a network. Adds the report and
/// what went wrong to `verified`; its level becomes `drill` if it failed, or if everything that the archive holds was
/// tried. Leaves nothing behind. Throws Error no_space, interrupted, failed.
void drill(const std::filesystem::path& archive, const VerifyOptions& options, const DrillEnvironment& environment,
           Verified& verified);

}  // namespace wobackup
