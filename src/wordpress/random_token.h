// Texts that nobody can foresee.
#pragma once

#include <string>

namespace wobackup {

/// 32 hex digits from the kernel's random numbers.
[[nodiscard]] std::string random_token();

}  // namespace wobackup
