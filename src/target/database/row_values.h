// INSERT and REPLACE statements: nothing but values may stand in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "database/sql_scanner_head.h"

namespace wobackup {

/// What a statement of rows says.
struct RowValues {
  std::string table;
  std::uint64_t rows = 0;
};

/// Reads `INSERT [IGNORE] INTO name [(columns)] VALUES (value, ...), ...` (or REPLACE) to its end. Values are numbers,
/// strings in single quotes (with a character set before them), hex and bit literals, NULL, TRUE, FALSE, DEFAULT.
/// Nothing if anything else stands in it: a function, a subquery, a comment, another schema's name. Reads at the speed
/// of memory, since most of a dump passes here.
[[nodiscard]] std::optional<RowValues> read_row_values(std::string_view statement, const QuoteRules& quotes);

}  // namespace wobackup
