// What a dump holds, and where.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "database/sql_scanner.h"
#include "wobackup/json.h"

namespace wobackup {

/// A run of bytes of the dump. It is a script of its own: it begins and ends under the delimiter ";", saves and
/// restores the session variables that it sets, and assumes those that the dump's first statements set (names, sql_mode
/// ...).
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// A table's statements.
struct TableSection {
  ByteRange schema;  ///< DROP and CREATE
  ByteRange data;    ///< LOCK TABLES to UNLOCK TABLES (or COMMIT); both 0 if the dump has nothing of it
  std::uint64_t rows = 0;
};

/// Builds sections from statements as they come. Names are as in the dump, unquoted. Memory is bounded by the number of
/// objects. Used from one thread.
class DumpSections {
 public:
  DumpSections() = default;
  DumpSections(const DumpSections&) = delete;
  DumpSections(DumpSections&&) = default;
  DumpSections& operator=(const DumpSections&) = delete;
  DumpSections& operator=(DumpSections&&) = default;
  ~DumpSections() = default;

  void add(const SqlStatement& statement);

  /// By name. Views have two ranges, a stand-in that other views can refer to and the view; packages have a range for
  /// the body, too.
  using Ranges = std::map<std::string, std::vector<ByteRange>>;
  [[nodiscard]] const std::map<std::string, TableSection>& tables() const noexcept { return tables_; }
  [[nodiscard]] const Ranges& views() const noexcept { return views_; }
  [[nodiscard]] const Ranges& triggers() const noexcept { return triggers_; }
  [[nodiscard]] const Ranges& routines() const noexcept { return routines_; }  ///< "procedure x", "function x" ...
  [[nodiscard]] const Ranges& events() const noexcept { return events_; }
  [[nodiscard]] const Ranges& sequences() const noexcept { return sequences_; }

  /// Enters "tables", "views" ... into the manifest's "database" object (docs/archive.md).
  void describe(Json& database) const;

 private:
  void add_create(SqlHead& tokens, const SqlStatement& statement);
  void add_object(const std::string& kind, SqlHead& tokens, const SqlStatement& statement);
  void add_set(SqlHead& tokens, const SqlStatement& statement);
  void add_rows(SqlHead& tokens, const SqlStatement& statement);
  void lock(SqlHead& tokens, const SqlStatement& statement);
  void prepare(const SqlStatement& statement);
  void extend(const SqlStatement& statement);
  [[nodiscard]] ByteRange take_range(const SqlStatement& statement);
  void put(Ranges& objects, const std::string& name, const SqlStatement& statement);

  std::map<std::string, TableSection> tables_;
  Ranges views_, triggers_, routines_, events_, sequences_;
  std::map<std::string, std::string> trigger_tables_;

  std::optional<std::uint64_t> prepared_from_;  // the first statement that prepares the next object's
  ByteRange* last_ = nullptr;                   // of the object whose last statement was just seen
  std::string open_table_;                      // between LOCK TABLES and UNLOCK TABLES
  bool database_altered_ = false;               // for the next object alone
};

}  // namespace wobackup
