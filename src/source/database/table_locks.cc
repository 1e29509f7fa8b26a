#include "source/database/table_locks.h"

#include <fmt/format.h>

#include <algorithm>

#include "wobackup/error.h"

namespace wobackup {

TableLocks::TableLocks(const ServerLogin& login, const std::string& database, const std::vector<std::string>& tables,
                       std::chrono::seconds wait, const Cancellation& cancellation) {
  if (tables.empty()) return;
  std::string sql = "LOCK TABLES ";
  for (const std::string& table : tables) {
    if (&table != &tables.front()) sql += ", ";
    sql += quoted_name(table) + " READ";
  }
  try {
    connection_.emplace(login, database, cancellation);
    connection_->execute(fmt::format("SET SESSION lock_wait_timeout = {}", std::max<long>(1, wait.count())));
    connection_->execute("SET SESSION wait_timeout = 86400");  // a long dump must not lose its locks
    connection_->execute(sql);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    problem_ = error.message();
    connection_.reset();
  }
}

}  // namespace wobackup
