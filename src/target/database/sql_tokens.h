// A whole statement, as the server will read it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "database/sql_scanner_head.h"

namespace wobackup {

/// What decides how a server reads a statement.
struct SqlDialect {
  bool mariadb = true;
  unsigned long version = 0;  ///< 101119
  QuoteRules quotes;          ///< of the session at this moment
};

/// The statement without executable comments: the contents of those that this server executes stand in its text, the
/// others are gone. So the text means one thing only, whoever reads it; what was judged is what is sent. Other comments
/// stay: they belong to the texts of routines. Nothing if a string or a comment is not closed, or if a backslash stands
/// outside of them, as in commands to a client.
[[nodiscard]] std::optional<std::string> as_the_server_reads(std::string_view statement, const SqlDialect& dialect);

/// The tokens of such a text. Escapes in strings are read by the session's rules. The mark of an executable comment, if
/// there is one after all, is three symbols or four.
class SqlTokens {
 public:
  struct Token {
    SqlHead::Kind kind = SqlHead::Kind::symbol;
    std::string text;  ///< of a word: in lower case; of a name: unquoted; of a string: as written, without its quotes
    std::size_t begin = 0;
    std::size_t end = 0;

    [[nodiscard]] bool is_word(std::string_view word) const { return kind == SqlHead::Kind::word && text == word; }
    [[nodiscard]] bool is_symbol(char c) const { return kind == SqlHead::Kind::symbol && text[0] == c; }
  };

  /// REQUIRES: the text outlives this.
  SqlTokens(std::string_view text, const QuoteRules& quotes) : text_(text), quotes_(quotes) {}

  /// Nothing at the end.
  [[nodiscard]] std::optional<Token> next();
  [[nodiscard]] std::optional<Token> peek() const {
    SqlTokens after = *this;
    return after.next();
  }
  /// Moves on if the next token is this one.
  bool take_word(std::string_view word);
  bool take_symbol(char symbol);
  /// An unqualified name, in quotes or not, as written without quotes. Nothing if something else comes, or a dot
  /// follows.
  [[nodiscard]] std::optional<std::string> take_name();
  [[nodiscard]] bool at_end() const { return !peek(); }

 private:
  void skip_comments();

  std::string_view text_;
  QuoteRules quotes_;
  std::size_t at_ = 0;
};

}  // namespace wobackup
