// Whom to encrypt to, from what an admin wrote.
#pragma once

#include <string>
#include <vector>

#include "age/age_writer.h"

namespace wobackup {

/// Each once. Throws usage for what is none.
[[nodiscard]] Recipients recipients_from(const std::vector<std::string>& texts);

}  // namespace wobackup
