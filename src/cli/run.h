// The command line as a function.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace wobackup::cli {

/// Runs `wobackup <arguments>` and returns its exit code. Throws nothing but std::bad_alloc.
[[nodiscard]] int run(const std::vector<std::string>& arguments, Terminal& terminal);

}  // namespace wobackup::cli
