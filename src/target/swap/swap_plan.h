// What a swap is going to exchange, and where each part of it belongs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "target/swap/object_text.h"
#include "target/swap/saved_schema.h"
#include "target/swap/swap_session.h"

namespace wobackup {

/// Before the exchange the old content is in live and the new one in shadow; after it the old one is in safety and the
/// new one in live.
enum class SwapSide { before, after };

struct SwapPlan {
  std::string live, shadow, safety;
  bool whole = true;                                ///< else some tables only, with their triggers
  bool undo = false;                                ///< shadow is the safety of another swap
  std::string character_set, collation;             ///< of live, for safety
  std::optional<Account> site_user;                 ///< the definer of everything new; nothing: definers are kept
  std::map<std::string, std::string> event_status;  ///< of new events, once they are live
  SavedSchema old_content;                          ///< saved in live
  SavedSchema new_content;                          ///< saved in shadow

  [[nodiscard]] const std::string& place_of_old(SwapSide side) const {
    return side == SwapSide::before ? live : safety;
  }
  [[nodiscard]] const std::string& place_of_new(SwapSide side) const {
    return side == SwapSide::before ? shadow : live;
  }
};

[[nodiscard]] Json json_of(const SwapPlan& plan);
/// Throws Error failed for JSON that json_of did not make.
[[nodiscard]] SwapPlan swap_plan_of(const Json& json);

/// One table on its way.
struct TableMove {
  std::string from, to;  ///< databases
  std::string table;
};

/// The moves that are left until all tables are on this side; those that make room come first. Throws Error failed for
/// a table that is nowhere.
[[nodiscard]] std::vector<TableMove> moves_to(DatabaseConnection& connection, const SwapPlan& plan, SwapSide side);

}  // namespace wobackup
