// errno as an Error.
#pragma once

#include <string>
#include <string_view>

#include "wobackup/error.h"

namespace wobackup {

/// "<what>: <strerror>", kind no_space for ENOSPC and EDQUOT (with a hint), failed otherwise. `what` names the action
/// and the object: "cannot write /x/y".
[[nodiscard]] Error system_error(std::string_view what, int error_number);
/// The text of an errno value, safe from any thread.
[[nodiscard]] std::string errno_text(int error_number);

}  // namespace wobackup
