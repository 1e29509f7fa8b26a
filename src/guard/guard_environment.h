// What everything of a guard works with.
#pragma once

#include <chrono>

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

  [[nodiscard]] InPlaceEnvironment in_place() const { return {config, clock, log, {}}; }
  /// For a way back: a backup by somebody else may be running, and a broken site is worth waiting for it.
  [[nodiscard]] InPlaceEnvironment patient() const { return {config, clock, log, {std::chrono::minutes(30), {}}}; }
  [[nodiscard]] CreateEnvironment create() const { return {config, clock, log}; }
};

}  // namespace wobackup
