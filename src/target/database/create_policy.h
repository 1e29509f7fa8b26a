// Which CREATE statements of a dump are harmless. Part of the statement policy.
#pragma once

#include <optional>
#include <string>

#include "target/database/statement_policy.h"

namespace wobackup {

struct CreateVerdict {
  StatementKind kind = StatementKind::nothing;
  std::string object;
};

/// REQUIRES: the tokens follow CREATE. Nothing if it is refused.
[[nodiscard]] std::optional<CreateVerdict> judge_create(SqlTokens tokens);

}  // namespace wobackup
