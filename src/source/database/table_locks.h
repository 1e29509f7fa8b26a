// Keeps tables without transactions still while they are dumped.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "database/connection.h"

namespace wobackup {

/// Read locks on an own connection, held while the object lives. Visitors can read; their writes to these tables wait.
/// Without the privilege, or when the locks do not come within the wait, `problem` says why, and nothing is locked.
class TableLocks {
 public:
  TableLocks(const ServerLogin& login, const std::string& database, const std::vector<std::string>& tables,
             std::chrono::seconds wait, const Cancellation& cancellation);
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  std::optional<DatabaseConnection> connection_;
  std::string problem_;
};

}  // namespace wobackup
