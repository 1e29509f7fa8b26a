#include "target/swap/lock_report.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostShown = 5;

std::string text(const SqlRow& row, std::size_t column) {
  return column < row.size() ? row[column].value_or("") : std::string();
}

// The server may lack the table, or the login the right.
std::vector<SqlRow> rows_if_allowed(DatabaseConnection& connection, const std::string& sql) {
  try {
    return connection.rows(sql);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return {};
  }
}

}  // namespace

std::string who_blocks(DatabaseConnection& connection, const std::string& live, const std::string& own_id) {
  const std::string process = "p.ID, p.USER, SUBSTRING_INDEX(p.HOST, ':', 1), p.COMMAND, p.TIME";
  const std::string not_us = " AND p.ID <> " + own_id;
  // The most exact source first: a plugin that few servers have, open transactions, and running statements.
  const std::vector<std::string> sources{
      "SELECT DISTINCT " + process +
          ", NULL FROM information_schema.METADATA_LOCK_INFO m JOIN information_schema.PROCESSLIST p ON p.ID = "
          "m.THREAD_ID WHERE m.TABLE_SCHEMA = " +
          quoted_text(live) + not_us,
      "SELECT " + process +
          ", TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) FROM information_schema.INNODB_TRX t JOIN "
          "information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id WHERE (p.DB = " +
          quoted_text(live) + " OR p.DB IS NULL)" + not_us + " ORDER BY t.trx_started",
      "SELECT " + process + ", NULL FROM information_schema.PROCESSLIST p WHERE p.COMMAND <> 'Sleep' AND p.DB = " +
          quoted_text(live) + not_us + " ORDER BY p.TIME DESC"};
  std::string report;
  std::set<std::string> seen;
  for (const std::string& sql : sources) {
    for (const SqlRow& row : rows_if_allowed(connection, sql)) {
      if (seen.size() == kMostShown || !seen.insert(text(row, 0)).second) continue;
      const std::string open = text(row, 5);
      const std::string state = open.empty() ? fmt::format("{} for {} s", lower_ascii(text(row, 3)), text(row, 4))
                                             : fmt::format("open transaction for {} s", open);
      report += fmt::format("{}connection {} ({}@{}, {})", report.empty() ? "" : ", ", text(row, 0),
                            printable(text(row, 1)), printable(text(row, 2)), printable(state));
    }
  }
  return report;
}

}  // namespace wobackup
