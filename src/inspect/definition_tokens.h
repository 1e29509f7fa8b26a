// Definitions as the server shows them and as dump programs write them, in a form that both share.
#pragma once

#include <optional>
#include <string_view>

#include "crypto/sha256.h"
#include "database/sql_scanner_head.h"

namespace wobackup {

/// A dump wraps the same text into executable comments (/*!50003 CREATE*/ ...) and puts statements before and behind
/// it. So the tokens of CREATE statements are compared: without blanks and comments, and without a table's next number
/// (AUTO_INCREMENT=7), which comes from its rows.
class DefinitionTokens {
 public:
  /// A CREATE statement as the server shows it.
  void add(std::string_view create, const QuoteRules& quotes);
  /// The CREATE statements in a dump's section, under the SQL mode that the section sets.
  void add_section(std::string_view sql);
  /// Forgets what came before: a stand-in.
  void restart() { hash_ = {}; }
  [[nodiscard]] Sha256Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

}  // namespace wobackup
