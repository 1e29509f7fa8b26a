// The use case "restore to a folder".
#pragma once

#include <filesystem>

#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/restore.h"

namespace wobackup {

struct RestoreEnvironment {
  const Config& config;
  const LogSink& log;
};

/// As Service::restore.
[[nodiscard]] Restored restore_to_folder(const std::filesystem::path& archive, const RestoreOptions& options,
                                         const RestoreEnvironment& environment);

}  // namespace wobackup
