// Reads what a database holds.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "target/swap/saved_schema.h"
#include "target/swap/swap_session.h"

namespace wobackup {

/// Everything that has a name, without definitions: cheap enough to be asked again right before something is done.
struct SchemaNames {
  std::set<std::string> tables;  ///< and sequences
  std::set<std::string> views;
  std::set<std::pair<std::string, std::string>> triggers;  ///< table, name
  std::set<std::pair<ObjectKind, std::string>> others;     ///< routines and events

  [[nodiscard]] bool empty() const { return tables.empty() && views.empty() && triggers.empty() && others.empty(); }
};

/// Of a database that may be missing: then everything is empty.
[[nodiscard]] SchemaNames read_names(DatabaseConnection& connection, const std::string& schema);
[[nodiscard]] bool schema_exists(DatabaseConnection& connection, const std::string& schema);

/// All objects with their definitions and all tables; with `only_tables` just those tables and their triggers. Throws
/// Error dump for a definition that the login may not see.
[[nodiscard]] SavedSchema read_schema(SwapSession& session, const std::string& schema,
                                      const std::set<std::string>& only_tables);

/// One object's definition as it is now. Leaves its database open.
[[nodiscard]] SavedObject read_object(SwapSession& session, const std::string& schema, ObjectKind kind,
                                      const std::string& name);

}  // namespace wobackup
