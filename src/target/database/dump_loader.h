// Loads a dump into a database of its own, safely and fast.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "database/connection.h"
#include "target/database/dump_layout.h"

namespace wobackup {

/// Where to, and as whom.
struct LoadTarget {
  std::string database;  ///< exists; best empty (ShadowDatabase)
  ServerLogin login;     ///< best one with rights on this database only
  /// Who creates views, routines, triggers and events, and so owns them; `login` if there is none.
  std::optional<ServerLogin> program_login;
  /// Each connection holds a lock of this name (LoadGuard) on the server as long as the server works for it. Empty:
  /// none.
  std::string guard = {};
};

/// Whose the views, routines, triggers and events become.
enum class DefinerPolicy {
  creator,  ///< DEFINER clauses are taken out
  keep,     ///< as in the dump; only an admin may
};

/// A view that the loading user may not make, since it uses another database.
struct ForeignView {
  std::string name;
  std::string create;  ///< judged, without DEFINER; bytes in `character_set_client`
  std::string character_set_client;
  std::string collation_connection;
};

struct LoadOptions {
  unsigned threads = 2;                  ///< connections that load rows side by side
  std::vector<std::string> only_tables;  ///< if not empty: these with their triggers, nothing else
  bool tables = true;                    ///< and sequences
  bool views = true;
  bool routines = true;
  bool triggers = true;
  bool events = true;
  DefinerPolicy definer = DefinerPolicy::creator;
  std::string owner = {};  ///< user@host whose they are in the end: what is his already is not worth a note
  bool events_disabled = true;
  /// A view that the user may not make for want of rights elsewhere is returned, and its stand-in stays; else it is an
  /// error.
  bool leave_foreign_views = false;
  bool count_rows = true;  ///< afterwards on the server, and compare them with the layout
  /// Nobody else may write into a table while it is being filled, and what somebody has written before is removed: for
  /// a database that is live.
  bool lock_tables = false;
  /// Leaves the load out of the binary log, where the login may: for a database that is dropped again. Not for one
  /// whose tables are moved elsewhere, since a replica would not have them.
  bool skip_binary_log = false;
  /// Bytes of rows that were loaded; from any of the threads, one at a time. May be empty.
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
};

struct LoadResult {
  std::map<std::string, std::uint64_t> rows;  ///< per table
  std::vector<std::string> notes;             ///< what differs from the dump
  /// Of events that were made switched off: what they were in the dump, as information_schema.EVENTS spells it.
  std::map<std::string, std::string> event_status;
  std::vector<ForeignView> foreign_views;  ///< left to the caller
};

/// Loads what the layout names. Every statement passes StatementPolicy, also in the gaps between the sections, where
/// nothing may stand that would be lost. Steps: sequences and tables; rows of several tables side by side, big ones
/// first, one transaction each, with indexes after the rows; stand-ins of views, routines, views, triggers, events.
///
/// Memory: a few MiB for each thread beyond the longest statement it meets (dump programs write 1 MiB; a row may be as
/// long as a gibibyte).
///
/// Throws Error verification for what may not be in a dump or does not agree with the layout, failed if the server
/// refuses something (with its message), interrupted within a moment of a cancellation. The database then holds a part
/// and is to be dropped. A view that the layout calls broken may fail: that is a note.
[[nodiscard]] LoadResult load_dump(const RandomAccess& dump, const DumpLayout& layout, const LoadTarget& target,
                                   const LoadOptions& options, const Cancellation& cancellation);

/// Judges every statement of the dump as `load_dump` would, and counts its rows, but changes nothing: for a load that
/// has no way back but another load. Throws Error verification, failed, interrupted.
void check_dump(const RandomAccess& dump, const DumpLayout& layout, const LoadTarget& target,
                const Cancellation& cancellation);

/// Rows that the table has now.
[[nodiscard]] std::uint64_t count_rows(DatabaseConnection& connection, const std::string& database,
                                       const std::string& table);

}  // namespace wobackup
