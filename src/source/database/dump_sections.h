// What a dump holds, and where.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "source/database/sql_scanner.h"
#include "wobackup/json.h"

namespace wobackup {

/// A run of bytes of the dump.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// A table's statements.
struct TableSection {
  ByteRange schema;  ///< DROP and CREATE
  ByteRange data;    ///< LOCK TABLES to UNLOCK TABLES; empty if the table has no rows
  std::uint64_t rows = 0;
};

/// Builds sections from statements as they come. Names are as in the dump, unquoted. Used from one thread.
class DumpSections {
 public:
  void add(const SqlStatement& statement);

  using Ranges = std::map<std::string, std::vector<ByteRange>>;
  [[nodiscard]] const std::map<std::string, TableSection>& tables() const noexcept { return tables_; }
  [[nodiscard]] const Ranges& views() const noexcept { return views_; }
  [[nodiscard]] const Ranges& triggers() const noexcept { return triggers_; }
  [[nodiscard]] const Ranges& routines() const noexcept { return routines_; }  ///< "procedure x", "function x" ...
  [[nodiscard]] const Ranges& events() const noexcept { return events_; }
  [[nodiscard]] const Ranges& sequences() const noexcept { return sequences_; }

  /// The "tables", "views" ... of the manifest's "database" object (docs/archive.md).
  void describe(Json& database) const;

 private:
  void add_create(const std::string& kind, const std::string& name, const SqlStatement& statement);

  std::map<std::string, TableSection> tables_;
  Ranges views_, triggers_, routines_, events_, sequences_;
  std::map<std::string, ByteRange> drops_;  // DROP TABLE before its CREATE
  std::string open_table_;                  // between LOCK TABLES and UNLOCK TABLES
};

}  // namespace wobackup
