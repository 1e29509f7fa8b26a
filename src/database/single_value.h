// Answers of a server that are one value.
#pragma once

#include <cstdint>
#include <string>

#include "database/connection.h"

namespace wobackup {

/// The first value of the first row; empty if there is none.
[[nodiscard]] std::string first_value(DatabaseConnection& connection, const std::string& sql);
/// The number with which it begins; 0 if there is none.
[[nodiscard]] std::uint64_t first_number(DatabaseConnection& connection, const std::string& sql);

}  // namespace wobackup
