// The use case "restore to a folder".
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/random_access.h"
#include "base/unique_fd.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/restore.h"

namespace wobackup {

struct RestoreEnvironment {
  const Config& config;
  const LogSink& log;
  /// The archive as it is stored, if it is no file of this machine; the path is its name then.
  std::shared_ptr<const RandomAccess> stored = nullptr;
};

/// As Service::restore. `opened`: the archive's content, if it is no file of this machine; the path is its name then.
[[nodiscard]] Restored restore_to_folder(const std::filesystem::path& archive, const RestoreOptions& options,
                                         const RestoreEnvironment& environment, const RandomAccess* opened = nullptr);

/// The same into a folder that `open_target` opens when it is time for that; options.target is its name for messages.
[[nodiscard]] Restored restore_into(const std::function<UniqueFd()>& open_target, const std::filesystem::path& archive,
                                    const RestoreOptions& options, const RestoreEnvironment& environment,
                                    const RandomAccess* opened = nullptr);

}  // namespace wobackup
