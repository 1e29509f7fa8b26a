// Empty tables in the place of those that a broken view misses.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "target/swap/swap_plan.h"

namespace wobackup {

/// A server makes no view of a table that does not exist, but keeps one whose table is dropped afterwards. So a view
/// that was broken already is made again over stand-ins, which are dropped at once. Their comment has this mark, of one
/// swap and no other, so that a run after a kill finds them, and takes nobody's table for one.
class StandIns {
 public:
  /// REQUIRES: connection and plan outlive this.
  StandIns(DatabaseConnection& connection, const SwapPlan& plan, const std::string& schema);

  /// For what these CREATE VIEW statements name behind FROM and JOIN in this schema and is not there, but for
  /// `expected`. What cannot be made is left out.
  void make(const std::vector<std::string>& views, const std::set<std::string>& expected);
  /// All that bear the mark; asks the server only if the plan has a broken view. Throws Error dump.
  void drop();

 private:
  DatabaseConnection& connection_;
  const std::string& schema_;
  std::string mark_;
  bool needed_ = false;
};

}  // namespace wobackup
