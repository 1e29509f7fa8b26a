// WOBACKUP_* variables.
#pragma once

#include <optional>
#include <string>

#include "wobackup/config.h"

namespace wobackup {

/// A variable's value; nothing if it is unset or empty.
[[nodiscard]] std::optional<std::string> environment_value(const char* name);

/// Lets the WOBACKUP_* variables replace settings, whatever the file says. Throws Error usage that names the variable.
void read_environment(Config& config);

}  // namespace wobackup
