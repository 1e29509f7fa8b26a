// Makes views, routines, triggers and events where they belong, and removes them where they do not.
#pragma once

#include <string>
#include <vector>

#include "target/swap/swap_plan.h"
#include "target/swap/swap_session.h"

namespace wobackup {

/// REQUIRES: all tables are on this side. What is right already stays untouched, so it may be called again and again,
/// and after any interruption. Objects that the plan does not know are left alone. Notes views that were broken before
/// and cannot be made again. Throws Error dump.
void arrange_objects(SwapSession& session, const SwapPlan& plan, SwapSide side, std::vector<std::string>& notes);

/// Columns of the tables to come that count by sequences get live's sequence already in shadow, where it exists:
/// visitors may use them at once then.
void prepare_defaults(SwapSession& session, const SwapPlan& plan);

/// Whether there would be nothing to do.
[[nodiscard]] bool objects_arranged(SwapSession& session, const SwapPlan& plan, SwapSide side);

}  // namespace wobackup
