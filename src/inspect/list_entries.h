// The use case behind `wobackup ls`.
#pragma once

#include <filesystem>
#include <functional>

#include "wobackup/inspect.h"
#include "wobackup/keys.h"

namespace wobackup {

/// As Service::entries.
EntriesResult list_entries(const std::filesystem::path& archive, const Keys& keys, const EntriesOptions& options,
                           const std::function<void(const ArchiveEntry&)>& visit);

}  // namespace wobackup
