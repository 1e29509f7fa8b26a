// Changes to CREATE statements of views, triggers, routines and events before they run.
#pragma once

#include <string>
#include <string_view>

#include "target/database/sql_tokens.h"

namespace wobackup {

/// The statement without its DEFINER clause: it then belongs to who creates it. REQUIRES: StatementPolicy let it pass.
[[nodiscard]] std::string without_definer(std::string_view create, const QuoteRules& quotes);

/// A CREATE EVENT that makes it switched off. REQUIRES: StatementPolicy let it pass.
struct DisabledEvent {
  std::string text;
  std::string_view status = "ENABLED";  ///< what it would have been, as information_schema.EVENTS spells it
};
[[nodiscard]] DisabledEvent as_disabled_event(std::string_view create, const QuoteRules& quotes);

}  // namespace wobackup
