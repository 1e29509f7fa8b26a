// Secondary indexes are built faster after the rows than row by row.
#pragma once

#include <string>
#include <string_view>

#include "target/database/sql_tokens.h"

namespace wobackup {

/// A table's definition in two parts, which together make the same table.
struct TableInTwoParts {
  std::string create;   ///< without plain secondary indexes
  std::string indexes;  ///< one ALTER TABLE that adds them; empty if `create` is the whole
};

/// Takes the indexes that are neither primary nor unique out of an InnoDB table's definition. Leaves it whole where
/// that may not be the same in the end: foreign keys (they would make indexes of their own), partitions, system
/// versioning, generated columns, an AUTO_INCREMENT column that needs the index, more than one FULLTEXT index.
/// REQUIRES: StatementPolicy let it pass.
[[nodiscard]] TableInTwoParts split_table(std::string_view create, const QuoteRules& quotes);

}  // namespace wobackup
