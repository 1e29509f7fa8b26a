// Which tables a view uses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "database/sql_cursor.h"

namespace wobackup {

/// All tokens. REQUIRES: the text outlives them.
[[nodiscard]] std::vector<SqlPiece> sql_pieces(std::string_view text);

struct TableName {
  std::string schema;  ///< empty if the view names none
  std::string name;
};

/// Those behind FROM and JOIN of a CREATE VIEW as servers write it: names in quotes, joins without commas. In their
/// order, doubles too.
[[nodiscard]] std::vector<TableName> tables_of_view(const std::vector<SqlPiece>& view);

}  // namespace wobackup
