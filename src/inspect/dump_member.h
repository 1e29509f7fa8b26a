// The use case behind `wobackup dump`.
#pragma once

#include <filesystem>
#include <functional>

#include "base/bytes.h"
#include "wobackup/inspect.h"
#include "wobackup/keys.h"

namespace wobackup {

/// As Service::dump.
void dump_member(const std::filesystem::path& archive, const Keys& keys, const DumpOptions& options,
                 const std::function<void(ByteSpan)>& sink);

}  // namespace wobackup
