// The tokens at the beginning of an SQL statement: enough to say what it creates.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wobackup {

/// Takes a statement's first bytes apart. Marks of executable comments (/*!50003 and the like) are passed over as if
/// they were not there, other comments whole. A token that the end of the bytes cuts off is returned as far as it goes.
class SqlHead {
 public:
  enum class Kind {
    word,    ///< unquoted: text in lower case
    name,    ///< in backticks or double quotes: text without them
    string,  ///< in single quotes: text as written, as far as the next such quote (escapes are not read)
    symbol,  ///< one byte
  };
  struct Token {
    Kind kind = Kind::symbol;
    std::string text;
    std::string spelling;  ///< of a word: as written; else as `text`

    [[nodiscard]] bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
    [[nodiscard]] bool is_symbol(char symbol) const { return kind == Kind::symbol && text[0] == symbol; }
    [[nodiscard]] bool is_identifier() const { return kind == Kind::word || kind == Kind::name; }
  };

  /// REQUIRES: the bytes outlive this.
  explicit SqlHead(std::string_view head) : head_(head) {}

  /// The next token, or nothing at the end.
  std::optional<Token> next();
  /// Moves on behind the next word of this text (in lower case). False if there is none.
  bool skip_past(std::string_view word);
  /// The identifier that follows, without IF [NOT] EXISTS and without the schema before it: "`a`.`b`" is b. Empty if
  /// there is none.
  std::string object_name();

 private:
  bool skip_comment();
  Token quoted(char quote);

  std::string_view head_;
  std::size_t at_ = 0;
};

/// What `SET sql_mode = ...` changes about quotes.
struct QuoteRules {
  bool no_backslash_escapes = false;  ///< a backslash in a string is an ordinary byte
  bool ansi_quotes = false;           ///< "x" is a name, so a backslash in it is an ordinary byte
};

/// The rules that a SET statement turns on; nothing if it does not set sql_mode. A mode that is taken from a variable
/// (`= @saved_sql_mode`) counts as the dump's own, which has neither.
[[nodiscard]] std::optional<QuoteRules> quote_rules_set_by(std::string_view head);

/// The version of executable comments that no server has: only clients read them.
inline constexpr std::string_view kNeverVersion = "999999";

/// Letters, digits, '_', '$' and all bytes from 0x80.
[[nodiscard]] constexpr bool is_sql_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
[[nodiscard]] constexpr bool is_sql_blank(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

}  // namespace wobackup
