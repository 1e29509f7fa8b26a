// Lets no write of a visitor miss its trigger while tables and triggers are exchanged.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "target/swap/swap_session.h"
#include "target/swap/table_hold.h"

namespace wobackup {

/// Tables with triggers must lose them before RENAME TABLE, and get their new ones after it; RENAME TABLE is refused
/// under LOCK TABLES (1192, MariaDB 10.11). Between unlocking and renaming the visitors who wait would write without
/// triggers. So the tables go from hand to hand, always to somebody who asked with more weight than visitors do:
///
///   our connection locks all of them, drops the triggers, and lets go;
///   one connection for each table, which was waiting, has it now; our connection asks for the RENAME;
///   they let go one by one, and the RENAME has the table before any visitor;
///   another connection for each table waits behind the RENAME, and has the new table before any visitor;
///   our connection asks for one table after another, gets it, makes its triggers, and lets the visitors in.
///
/// Where a step does not come in time the next is taken all the same: a moment without triggers, but never a jam.
class HeldTables {
 public:
  /// More tables than this are not held: each needs two connections.
  static constexpr std::size_t kMost = 24;

  /// REQUIRES: the tables are in live now, and will be after the exchange.
  HeldTables(const SwapSession& session, std::string live, const std::set<std::string>& tables);

  /// REQUIRES: the session has these tables locked. It has not after this; we have.
  void take_from(SwapSession& session);
  /// Runs the RENAME TABLE. We have the new tables after it.
  void rename(SwapSession& session, const std::string& sql);
  /// Gives a table to the session while `work` runs, and to the visitors then.
  void give(SwapSession& session, const std::string& table, const std::function<void()>& work);
  /// Lets the visitors into all tables that are still held.
  void give_all() { after_.clear(); }

 private:
  using Holds = std::vector<std::unique_ptr<TableHold>>;
  [[nodiscard]] Holds ask() const;
  [[nodiscard]] bool renamer_is_at(const std::string& table);
  void let_go(const std::atomic<bool>& renamed);

  ServerLogin login_;
  std::chrono::seconds lock_wait_;
  std::string live_;
  std::vector<std::string> tables_;  // in the order in which the server takes locks
  Cancellation never_;
  DatabaseConnection watcher_;
  Holds before_, after_;
};

}  // namespace wobackup
