// Which SET statements of a dump are harmless. Part of the statement policy.
#pragma once

#include <string_view>

#include "target/database/sql_tokens.h"

namespace wobackup {

enum class SetVerdict {
  allowed,
  skipped,  ///< of what the loader sets itself
  refused,
};

/// REQUIRES: the tokens follow SET. Enters into `quotes` what the statement does to them. With other quotes than the
/// usual ones no mode may be kept for later, so that they end where the dump says.
[[nodiscard]] SetVerdict judge_set(SqlTokens tokens, QuoteRules& quotes);

/// Whether an ASCII byte in text of this character set (or collation) is always a character of its own: in others, a
/// backslash or quote may be half of one, and server and policy would not read alike.
[[nodiscard]] bool is_plain_character_set(std::string_view name);

}  // namespace wobackup
