// Names of the database that was dumped, in the definitions of its views and tables.
#pragma once

#include <string>
#include <string_view>

#include "database/sql_scanner_head.h"

namespace wobackup {

/// The text of a CREATE VIEW or CREATE TABLE without `schema` before the names of columns, of tables behind FROM and
/// JOIN, of functions, and of sequences in NEXTVAL: servers write it there for some views (of a missing definer) and
/// for columns that count by a sequence. So they mean the database that is loaded into. Other statements stay as they
/// are.
[[nodiscard]] std::string without_schema(std::string_view create, std::string_view schema, const QuoteRules& quotes);

}  // namespace wobackup
