// The use case behind `wobackup ls`.
#pragma once

#include <filesystem>
#include <functional>

#include "base/random_access.h"
#include "wobackup/inspect.h"
#include "wobackup/keys.h"

namespace wobackup {

/// As Service::entries. `opened`: the archive's content, if it is no file of this machine; the path is its name then.
EntriesResult list_entries(const std::filesystem::path& archive, const Keys& keys, const EntriesOptions& options,
                           const std::function<void(const ArchiveEntry&)>& visit, const RandomAccess* opened = nullptr);

}  // namespace wobackup
