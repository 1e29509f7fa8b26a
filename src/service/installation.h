// Which installation this is, among those that share a store.
#pragma once

#include <string>

#include "wobackup/config.h"

namespace wobackup {

/// 16 hex digits, always the same for this machine (its machine-id and host name) and this state folder, so that it is
/// known even after the state folder was lost. A copy of a machine under another name is another installation.
[[nodiscard]] std::string installation_id(const Config& config);

}  // namespace wobackup
