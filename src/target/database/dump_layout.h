// What a dump holds and where, for loading it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "database/dump_sections.h"
#include "wobackup/json.h"

namespace wobackup {

/// Where a table's statements stand.
struct DumpTable {
  std::string name;
  TableSection section;
};

/// Where another object's statements stand: in order.
struct DumpObject {
  std::string name;  ///< of routines: "procedure x"
  std::vector<ByteRange> ranges;
  std::string table;  ///< of triggers
};

/// No two ranges overlap, all lie within the dump, and a table's rows come behind its schema.
struct DumpLayout {
  std::string database;         ///< that was dumped; empty if it is not known
  std::string former_database;  ///< where its content was before it was displaced; mostly empty
  std::string collation;        ///< the database's default; empty if it is not known
  ByteRange prelude;            ///< what comes before the first section: the session's variables
  std::vector<DumpTable> tables;
  std::vector<DumpObject> views, triggers, routines, events, sequences;
  std::vector<std::string> broken_views;  ///< that the dump does not hold, and which may fail here, too
  std::uint64_t longest_statement = 0;    ///< what max_allowed_packet a server must allow

  /// All ranges in the order of the dump.
  [[nodiscard]] std::vector<ByteRange> ranges() const;
};

/// From the manifest's "database" object (docs/archive.md), which may be hostile. Throws Error verification.
[[nodiscard]] DumpLayout layout_from_manifest(const Json& database, std::uint64_t dump_size);

/// By reading the dump once. Throws Error verification if it is cut off, or its sections are not one behind the other.
[[nodiscard]] DumpLayout layout_by_scan(const RandomAccess& dump, const Cancellation& cancellation);

}  // namespace wobackup
