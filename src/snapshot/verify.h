// The use case "verify".
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/random_access.h"
#include "snapshot/verify_ledger.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/verify.h"

namespace wobackup {

struct VerifyEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
};

/// As Service::verify, but of a drill only what comes before it. With `compare_sum` false, a file that is not the one
/// recorded is no problem. `stored`: the archive as it is stored, if it is no file of this machine; the path is its
/// name then.
[[nodiscard]] Verified verify_archive(const std::filesystem::path& archive, const VerifyOptions& options,
                                      const VerifyEnvironment& environment, bool compare_sum = true,
                                      std::shared_ptr<const RandomAccess> stored = nullptr);

/// Remembers the result for `list` and `info`. `stored`: what the archive is where it lies, if that is elsewhere.
void record_verified(const Verified& verified, const VerifyEnvironment& environment,
                     const std::optional<ArchiveIdentity>& stored = std::nullopt);

}  // namespace wobackup
