// What everything of a guard works with.
#pragma once

#include "base/clock.h"
#include "recovery/restore_in_place.h"
#include "snapshot/create.h"
#include "wobackup/config.h"
#include "wobackup/log.h"

namespace wobackup {

struct GuardEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;

  [[nodiscard]] InPlaceEnvironment in_place() const { return {config, clock, log}; }
  [[nodiscard]] CreateEnvironment create() const { return {config, clock, log}; }
};

}  // namespace wobackup
