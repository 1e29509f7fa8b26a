// The use case "verify".
#pragma once

#include <filesystem>

#include "base/clock.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/verify.h"

namespace wobackup {

struct VerifyEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
};

/// As Service::verify, but for drills.
[[nodiscard]] Verified verify_archive(const std::filesystem::path& archive, const VerifyOptions& options,
                                      const VerifyEnvironment& environment);

/// Remembers the result for `list` and `info`.
void record_verified(const Verified& verified, const VerifyEnvironment& environment);

}  // namespace wobackup
