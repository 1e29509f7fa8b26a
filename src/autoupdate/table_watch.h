// Whether an update has emptied tables of the site's database.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "wobackup/config.h"
#include "wobackup/site.h"

namespace wobackup {

/// What a site's tables hold. Of WordPress' own, and of shops' orders, the rows are counted; of others it is only
/// told whether there are any, which costs nothing.
struct TableState {
  std::map<std::string, std::uint64_t> rows;  ///< by table; 1 stands for "some" where they were not counted
  std::string prefix;
};

/// Asks the site's WordPress, as its user, without changing anything. Nothing, with the reason in `why_not`, if it
/// cannot be asked here. Throws Error interrupted only.
[[nodiscard]] std::optional<TableState> look_at_tables(const Site& site, const Config& config,
                                                       const Cancellation& cancellation, std::string& why_not);

/// What is wrong with the tables after a change: a table of WordPress that is gone, has lost all its rows or more than
/// half of them; another one that had rows and has none, unless its name says that it holds what can be made again (a
/// cache, a log, an index, sessions) or a glob of `may_empty` covers it. Another table that is gone is no reason:
/// plugins tidy up. One sentence; empty if all is well.
[[nodiscard]] std::string emptied_tables(const TableState& before, const TableState& after,
                                         const std::vector<std::string>& may_empty);

}  // namespace wobackup
