#include "target/database/row_values.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "database/sql_scanner_search.h"
#include "target/database/sql_tokens.h"

namespace wobackup {
namespace {

constexpr std::array<std::string_view, 9> kCharacterSets{"_binary", "_utf8", "_utf8mb3", "_utf8mb4", "_latin1",
                                                         "_ascii",  "_ucs2", "_utf16",   "_utf32"};

bool is_number_byte(char c) { return (c >= '0' && c <= '9') || c == '.' || c == '+' || c == '-'; }

// Follows the values; every step moves on behind what it read, or says that something else stands there.
class Values {
 public:
  Values(std::string_view text, bool escapes) : at_(text.data()), end_(text.data() + text.size()), escapes_(escapes) {}

  // Number of rows; 0 if these are none.
  std::uint64_t count() {
    std::uint64_t rows = 0;
    do {
      if (!symbol('(')) return 0;
      if (!symbol(')')) {  // a row without values has all defaults
        do {
          if (!value()) return 0;
        } while (symbol(','));
        if (!symbol(')')) return 0;
      }
      ++rows;
    } while (symbol(','));
    return at_ == end_ ? rows : 0;
  }

 private:
  void blanks() {
    while (at_ < end_ && is_sql_blank(*at_)) ++at_;
  }

  bool symbol(char c) {
    blanks();
    if (at_ >= end_ || *at_ != c) return false;
    ++at_;
    blanks();
    return true;
  }

  bool string() {
    ++at_;
    for (;;) {
      at_ = find_in_string(at_, end_, '\'', escapes_);
      if (at_ >= end_) return false;
      const bool doubled = *at_ == '\'' && end_ - at_ > 1 && at_[1] == '\'';
      if (*at_ == '\\' || doubled) {
        at_ += std::min<std::ptrdiff_t>(2, end_ - at_);
      } else {
        ++at_;
        return true;
      }
    }
  }

  bool number() {
    while (at_ < end_ && (is_number_byte(*at_) || *at_ == 'e' || *at_ == 'E')) {
      // Two dashes could begin a comment.
      if (*at_ == '-' && end_ - at_ > 1 && at_[1] == '-') return false;
      ++at_;
    }
    return true;
  }

  // 0x41, NULL, b'1', _utf8mb4'text' ...
  bool word() {
    const char* const begin = at_;
    while (at_ < end_ && is_sql_word(*at_)) ++at_;
    const std::string_view word(begin, static_cast<std::size_t>(at_ - begin));
    if (word.starts_with("0x")) return word.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
    if (word == "NULL") return true;
    const std::string lower = lower_ascii(word.substr(0, 16));
    const bool quote_follows = at_ < end_ && *at_ == '\'';
    if (lower == "b" || lower == "x" || lower == "n") return quote_follows && string();
    if (std::find(kCharacterSets.begin(), kCharacterSets.end(), lower) != kCharacterSets.end()) {
      blanks();
      return at_ < end_ && (*at_ == '\'' ? string() : *at_ == '0' && word_is_hex());
    }
    return lower == "null" || lower == "true" || lower == "false" || lower == "default";
  }

  bool word_is_hex() { return end_ - at_ > 1 && at_[1] == 'x' && word(); }

  bool value() {
    blanks();
    if (at_ >= end_) return false;
    if (*at_ == '\'') return string();
    if (*at_ == '0' && end_ - at_ > 1 && at_[1] == 'x') return word();
    if (is_number_byte(*at_)) return number();
    return is_sql_word(*at_) && word();
  }

  const char* at_;
  const char* end_;
  bool escapes_;
};

}  // namespace

std::optional<RowValues> read_row_values(std::string_view statement, const QuoteRules& quotes) {
  SqlTokens tokens(statement, quotes);
  if (!tokens.take_word("insert") && !tokens.take_word("replace")) return std::nullopt;
  while (tokens.take_word("ignore") || tokens.take_word("delayed") || tokens.take_word("low_priority")) continue;
  tokens.take_word("into");
  const std::optional<std::string> table = tokens.take_name();
  if (!table) return std::nullopt;
  if (tokens.take_symbol('(') && !tokens.take_symbol(')')) {
    do {
      if (!tokens.take_name()) return std::nullopt;
    } while (tokens.take_symbol(','));
    if (!tokens.take_symbol(')')) return std::nullopt;
  }
  const std::optional<SqlTokens::Token> values = tokens.next();
  if (!values || (!values->is_word("values") && !values->is_word("value"))) return std::nullopt;
  const std::uint64_t rows = Values(statement.substr(values->end), !quotes.no_backslash_escapes).count();
  if (rows == 0) return std::nullopt;
  return RowValues{*table, rows};
}

}  // namespace wobackup
