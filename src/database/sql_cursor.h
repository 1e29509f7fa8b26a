// The tokens of a definition as the server shows it, with their places in the text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "database/sql_scanner_head.h"

namespace wobackup {

/// One token. A name may be in backticks, or in double quotes where the SQL mode says so.
struct SqlPiece {
  enum class Kind { word, name, string, symbol };
  Kind kind = Kind::symbol;
  std::size_t begin = 0;
  std::size_t end = 0;    ///< behind its last byte
  std::string_view text;  ///< as written, quotes included

  /// Whatever the case of its letters. REQUIRES: `word` in upper case.
  [[nodiscard]] bool is_word(std::string_view word) const;
  [[nodiscard]] bool is_symbol(char symbol) const { return kind == Kind::symbol && text[0] == symbol; }
  /// Without quotes.
  [[nodiscard]] std::string value() const;
};

/// Passes over blanks and comments; of executable comments only over their marks. REQUIRES: the text outlives this.
class SqlCursor {
 public:
  SqlCursor(std::string_view sql, const QuoteRules& quotes) : sql_(sql), quotes_(quotes) {}

  /// Nothing at the end.
  std::optional<SqlPiece> next();

 private:
  void skip_blank();
  [[nodiscard]] std::size_t behind_quote(std::size_t at) const;

  std::string_view sql_;
  QuoteRules quotes_;
  std::size_t at_ = 0;
};

/// The quoting rules of a list of SQL modes, as the server writes it.
[[nodiscard]] QuoteRules quote_rules_of(std::string_view sql_mode);

}  // namespace wobackup
