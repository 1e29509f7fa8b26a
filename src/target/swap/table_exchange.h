// Moves the tables: the one moment of a swap.
#pragma once

#include <functional>

#include "target/swap/swap_plan.h"
#include "target/swap/swap_session.h"

namespace wobackup {

/// Brings all tables to this side by one RENAME TABLE, which the server does whole or not at all, after dropping what
/// is in its way: the triggers of these tables, and views that have the name of a table to come. `unchanged` is called
/// right before the first of these is dropped and may throw. Throws Error dump, of which is_lock_wait, if the tables
/// stay in use; then triggers and views may be missing.
void move_tables(SwapSession& session, const SwapPlan& plan, SwapSide side, const std::function<void()>& unchanged);

}  // namespace wobackup
