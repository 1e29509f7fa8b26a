#include "target/database/dump_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "database/single_value.h"
#include "target/database/load_session.h"
#include "target/database/program_loader.h"
#include "target/database/table_loader.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Between the sections stands nothing that would be lost or that nobody expects.
void check_gaps(LoadSession& session, const LoadSource& source) {
  const auto check = [](const JudgedStatement& judged, const DumpStatement& statement) {
    const bool harmless = judged.kind == StatementKind::nothing || judged.kind == StatementKind::skipped ||
                          judged.kind == StatementKind::set || judged.kind == StatementKind::drop ||
                          judged.kind == StatementKind::keys;
    if (harmless) return;
    throw Error(ErrorKind::verification, fmt::format("the dump has a statement outside of its sections (byte {}: {})",
                                                     statement.offset, beginning_of(statement.text)));
  };
  std::uint64_t end = source.layout.prelude.end;
  for (const ByteRange& range : source.layout.ranges()) {
    if (end < range.begin) session.read({end, range.begin}, check);
    end = range.end;
  }
  if (end < source.dump.size()) session.read({end, source.dump.size()}, check);
}

}  // namespace

void check_dump(const RandomAccess& dump, const DumpLayout& layout, const LoadTarget& target,
                const Cancellation& cancellation) {
  const LoadSource source{dump, layout, cancellation};
  LoadSession session(source, target);
  check_gaps(session, source);
  for (const DumpTable& table : layout.tables) {
    std::uint64_t rows = 0;
    session.read(table.section.data, [&](const JudgedStatement& judged, const DumpStatement&) { rows += judged.rows; });
    if (rows == table.section.rows) continue;
    throw Error(ErrorKind::verification, fmt::format("table {} should have {} rows, and the dump has {}",
                                                     printable(table.name), table.section.rows, rows));
  }
  for (const ByteRange& range : layout.ranges()) {
    const auto is_data = [&](const DumpTable& table) { return table.section.data.begin == range.begin; };
    if (std::any_of(layout.tables.begin(), layout.tables.end(), is_data)) continue;
    session.read(range, [](const JudgedStatement&, const DumpStatement&) {});
  }
}

LoadResult load_dump(const RandomAccess& dump, const DumpLayout& layout, const LoadTarget& target,
                     const LoadOptions& options, const Cancellation& cancellation) {
  const LoadSource source{dump, layout, cancellation};
  LoadResult result;
  {
    LoadSession session(source, target);
    if (options.skip_binary_log) session.skip_binary_log();
    check_gaps(session, source);
    if (options.tables) {
      result.rows = fill_tables(create_tables(session, source, options, result.notes), source, target, options);
    }
  }
  LoadTarget programs = target;
  programs.login = target.program_login.value_or(target.login);
  LoadSession session(source, programs);
  if (options.skip_binary_log) session.skip_binary_log();
  load_programs(session, layout, options, result);
  return result;
}

std::uint64_t count_rows(DatabaseConnection& connection, const std::string& database, const std::string& table) {
  return first_number(connection, "SELECT COUNT(*) FROM " + quoted_name(database) + "." + quoted_name(table));
}

}  // namespace wobackup
