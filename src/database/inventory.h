// What a database holds, by information_schema.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "database/connection.h"

namespace wobackup {

struct TableFacts {
  std::string engine;
  bool transactional = true;
  bool versioned = false;  ///< WITH SYSTEM VERSIONING: dump programs leave its history out
};

/// Names of all objects, and a fingerprint of the schema that changes with any definition but not with mere writes.
struct Inventory {
  std::map<std::string, TableFacts> tables;
  std::set<std::string> views, triggers, events, sequences;
  std::set<std::string> routines;                  ///< "procedure x", as in DumpSections
  std::string default_charset, default_collation;  ///< of the database
  std::uint64_t data_bytes = 0;                    ///< the server's guess
  std::string fingerprint;

  [[nodiscard]] std::vector<std::string> tables_without_transactions() const;
};

/// Of the database that the connection has open.
[[nodiscard]] Inventory take_inventory(DatabaseConnection& connection);

/// A view that cannot be queried, so that a dump program would give up at it.
struct BrokenView {
  std::string name;
  std::string why;
  std::string definition;  ///< SHOW CREATE VIEW, as far as the server gives it
};
[[nodiscard]] std::vector<BrokenView> broken_views(DatabaseConnection& connection, const Inventory& inventory);

}  // namespace wobackup
