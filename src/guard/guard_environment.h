// What everything of a guard works with.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "guard/guard_stores.h"
#include "recovery/restore_in_place.h"
#include "wobackup/config.h"
#include "wobackup/log.h"

namespace wobackup {

struct GuardEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
  GuardStores stores;

  /// `content`: of a copy that is to be read.
  [[nodiscard]] InPlaceEnvironment in_place(CopyContent content = {}) const {
    return {config, clock, log, {}, std::move(content.stored), std::move(content.identity)};
  }
  /// For a way back: a backup by somebody else may be running, and a broken site is worth waiting for it.
  [[nodiscard]] InPlaceEnvironment patient(CopyContent content = {}) const {
    return {config, clock, log, {std::chrono::minutes(30), {}}, std::move(content.stored), std::move(content.identity)};
  }
};

}  // namespace wobackup
