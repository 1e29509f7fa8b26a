#include "guard/keep_rows.h"

#include <fmt/format.h>

#include "base/text.h"
#include "database/connection.h"
#include "guard/kept_tables.h"
#include "guard/row_difference.h"
#include "guard/row_file.h"
#include "recovery/journaled_restore.h"

namespace wobackup {
namespace {

std::vector<std::string> tables_of(DatabaseConnection& connection, const std::string& schema) {
  std::vector<std::string> tables;
  for (const SqlRow& row :
       connection.rows("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND "
                       "TABLE_SCHEMA = " +
                       quoted_text(schema) + " ORDER BY TABLE_NAME")) {
    if (!row.empty() && row[0]) tables.push_back(*row[0]);
  }
  return tables;
}

std::string name_of_archive(const std::filesystem::path& archive) {
  std::string name = archive.filename().string();
  return name.substr(0, name.find(".tar"));
}

}  // namespace

KeptRows keep_rows(const GuardJournal& journal, const GuardEnvironment& environment, std::vector<std::string>& notes) {
  const InPlaceEnvironment in_place = environment.patient();
  // Under the site's lock, so that nobody finishes the restore meanwhile.
  const JournaledRestore restore(journal.site.name, "keep rows of", in_place);
  KeptRows kept;
  if (!restore.journal.database || restore.journal.phase != JournalPhase::done) return kept;
  const DatabaseExchange& exchange = *restore.journal.database;
  if (exchange.live_load) {
    notes.push_back(
        fmt::format("rows that have come since the backup were not told apart: what was in the database "
                    "before the roll-back is in {}",
                    printable(exchange.live_load->safety.archive)));
    return kept;
  }
  const KeptTables wanted(journal.keep_rows, journal.table_prefix);
  const DatabasePair pair{exchange.safety, exchange.live};
  const Cancellation never;
  DatabaseConnection connection(DatabaseInPlace::open(restore.site, exchange, in_place).login().login, "", never);
  connection.execute("SET SESSION sql_mode = '', time_zone = '+00:00', net_write_timeout = 600");
  RowFile file(environment.config.state_dir / "kept-rows" / journal.site.name, name_of_archive(journal.archive()));
  file.comment(
      fmt::format("site {}, database {}, backup {}", journal.site.name, exchange.live, journal.archive().string()));
  for (const KeptSelection& selection : wanted.select(tables_of(connection, pair.displaced))) {
    try {
      KeptTable table = write_row_difference(connection, pair, selection, file, notes);
      if (table.added + table.changed > 0) kept.tables.push_back(std::move(table));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::dump) throw;
      notes.push_back(fmt::format("the new rows of {} could not be told: {}; they are among what was displaced",
                                  printable(selection.table), error.message()));
    }
  }
  if (!file.empty()) kept.file = file.publish();
  return kept;
}

}  // namespace wobackup
