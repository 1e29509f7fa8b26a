#include "target/database/dump_loader.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
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

LoadResult load_dump(const RandomAccess& dump, const DumpLayout& layout, const LoadTarget& target,
                     const LoadOptions& options, const Cancellation& cancellation) {
  const LoadSource source{dump, layout, cancellation};
  LoadResult result;
  {
    LoadSession session(source, target.login, target.database);
    if (options.skip_binary_log) session.skip_binary_log();
    check_gaps(session, source);
    if (options.tables) {
      result.rows = fill_tables(create_tables(session, source, options.only_tables), source, target, options);
    }
  }
  LoadSession session(source, target.program_login.value_or(target.login), target.database);
  if (options.skip_binary_log) session.skip_binary_log();
  load_programs(session, layout, options, result);
  return result;
}

std::uint64_t count_rows(DatabaseConnection& connection, const std::string& database, const std::string& table) {
  const std::vector<SqlRow> rows =
      connection.rows("SELECT COUNT(*) FROM " + quoted_name(database) + "." + quoted_name(table));
  std::uint64_t count = 0;
  if (rows.size() != 1 || rows[0].empty() || !rows[0][0])
    throw Error(ErrorKind::failed, "the server does not count rows");
  std::from_chars(rows[0][0]->data(), rows[0][0]->data() + rows[0][0]->size(), count);
  return count;
}

}  // namespace wobackup
