// The use case behind `wobackup dump`.
#pragma once

#include <filesystem>
#include <functional>

#include "base/bytes.h"
#include "base/random_access.h"
#include "wobackup/inspect.h"
#include "wobackup/keys.h"

namespace wobackup {

/// As Service::dump. `opened`: the archive's content, if it is no file of this machine; the path is its name then.
void dump_member(const std::filesystem::path& archive, const Keys& keys, const DumpOptions& options,
                 const std::function<void(ByteSpan)>& sink, const RandomAccess* opened = nullptr);

}  // namespace wobackup
