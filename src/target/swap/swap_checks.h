// What must be so before a swap begins.
#pragma once

#include <string>
#include <vector>

#include "target/swap/swap_plan.h"

namespace wobackup {

/// Throws Error failed for foreign keys that would lead from one of the databases into another after the exchange: the
/// server does not let them follow.
void check_foreign_keys(DatabaseConnection& connection, const SwapPlan& plan);
/// The same for some tables of a database, before there is a plan: what would be in the way if the content that comes
/// had the keys that live has.
void check_foreign_keys_of(DatabaseConnection& connection, const std::string& live,
                           const std::vector<std::string>& only_tables);

/// Remarks on what stays as it is: bodies that name one of the databases, other default character sets.
[[nodiscard]] std::vector<std::string> remarks_on(const SwapPlan& plan);

}  // namespace wobackup
