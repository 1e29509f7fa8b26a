// What a statement of a dump may be. The SQL of a backup is hostile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "target/database/sql_tokens.h"

namespace wobackup {

enum class StatementKind {
  nothing,  ///< a comment, or what only another server would execute
  skipped,  ///< harmless, and of no use here: LOCK TABLES, COMMIT, ALTER DATABASE, USE of the dump's own database ...
  set,
  drop,
  keys,  ///< ALTER TABLE ... DISABLE KEYS
  rows,
  create_table,
  create_view,
  create_trigger,
  create_routine,  ///< packages, too
  create_event,
  create_sequence,
  set_value,  ///< of a sequence
};

/// A statement that may run.
struct JudgedStatement {
  StatementKind kind = StatementKind::nothing;
  std::string object;           ///< what it creates or fills; empty if there is nothing of the kind
  std::uint64_t rows = 0;       ///< of rows
  std::string_view as_it_is;    ///< of rows: the bytes of the dump
  std::string as_server_reads;  ///< of all others: without executable comments and own schema

  /// What is to be sent: exactly what was judged.
  [[nodiscard]] std::string_view text() const { return kind == StatementKind::rows ? as_it_is : as_server_reads; }
};

/// Judges the statements of one session one after the other; follows what they do to quotes. Decides by tokens, never
/// by substrings. Beside it, the rights of the loading user are the wall. Used from one thread.
///
/// May pass: SET of the few session variables that dump programs set, and of the user variables in which they keep the
/// former values; DROP ... IF EXISTS; CREATE TABLE without files, engines or tables outside of the database; INSERT and
/// REPLACE of literal values; ALTER TABLE ... DISABLE or ENABLE KEYS; CREATE VIEW, TRIGGER, PROCEDURE, FUNCTION,
/// PACKAGE, EVENT, SEQUENCE; SETVAL; LOCK, UNLOCK, COMMIT, ALTER DATABASE and USE of the own name (which do nothing).
/// No name may have a schema before it, except in the bodies of views and routines, which run with their creator's
/// rights.
class StatementPolicy {
 public:
  /// Longest statement that holds no rows.
  static constexpr std::size_t kLongestText = std::size_t{4} << 20U;

  /// `own_name`: the database that was dumped, if it is known. `former_name`: where its content was before, and which
  /// some of its columns still name.
  StatementPolicy(SqlDialect dialect, std::string own_name, std::string former_name = {});

  /// `offset` is for messages. Throws Error verification, which names the statement's beginning and offset. The text
  /// outlives the result.
  [[nodiscard]] JudgedStatement judge(std::string_view statement, std::uint64_t offset);
  /// The session's variables were set anew.
  void session_was_reset() { dialect_.quotes = {}; }
  [[nodiscard]] const QuoteRules& quotes() const { return dialect_.quotes; }

 private:
  [[nodiscard]] bool judge_tokens(JudgedStatement& judged);

  SqlDialect dialect_;
  std::string own_name_, former_name_;
};

/// "ALTER TABLE `x` ..." for messages.
[[nodiscard]] std::string beginning_of(std::string_view statement);

}  // namespace wobackup
