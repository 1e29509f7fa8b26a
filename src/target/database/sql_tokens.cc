#include "target/database/sql_tokens.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::size_t kVersionDigits = 5;
// MariaDB passes over comments for these versions of MySQL.
constexpr unsigned long kFirstForeign = 50700;
constexpr unsigned long kLastForeign = 99999;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A '-' '-' begins a comment only before one of these.
bool ends_dashes(char c) { return is_sql_blank(c) || static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool begins_line_comment(std::string_view rest) {
  return rest.starts_with('#') || (rest.starts_with("--") && (rest.size() == 2 || ends_dashes(rest[2])));
}

std::size_t behind_line(std::string_view text, std::size_t at) {
  const std::size_t newline = text.find('\n', at);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

// Behind the quote that closes what begins at `at`; npos if there is none.
std::size_t behind_quoted(std::string_view text, std::size_t at, const QuoteRules& rules) {
  const char quote = text[at];
  const bool escapes = !rules.no_backslash_escapes && (quote == '\'' || (quote == '"' && !rules.ansi_quotes));
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\' && escapes) {
      ++at;
    } else if (text[at] == quote) {
      if (at + 1 >= text.size() || text[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return std::string_view::npos;
}

// Behind the "*/" of a comment that is passed over, which may hold one more level of comments.
std::size_t behind_comment(std::string_view text, std::size_t at, bool nests) {
  while (at + 1 < text.size()) {
    if (text[at] == '*' && text[at + 1] == '/') return at + 2;
    if (nests && text[at] == '/' && text[at + 1] == '*') {
      at = behind_comment(text, at + 2, false);
      if (at == std::string_view::npos) return at;
    } else {
      ++at;
    }
  }
  return std::string_view::npos;
}

struct VersionMark {
  std::size_t size = 0;  // of the mark: "/*!50003"
  bool executed = true;
};

// REQUIRES: the rest begins with "/*!" or "/*M!".
VersionMark version_mark(std::string_view rest, const SqlDialect& dialect) {
  const bool maria_mark = rest[2] == 'M';
  VersionMark mark;
  mark.size = maria_mark ? 4 : 3;
  mark.executed = !maria_mark || dialect.mariadb;
  const std::string_view digits = rest.substr(mark.size);
  std::size_t count = 0;
  while (count <= kVersionDigits && count < digits.size() && is_digit(digits[count])) ++count;
  if (count < kVersionDigits) return mark;
  unsigned long version = 0;
  std::from_chars(digits.data(), digits.data() + count, version);
  mark.size += count;
  if (version > dialect.version) mark.executed = false;
  if (dialect.mariadb && !maria_mark && version >= kFirstForeign && version <= kLastForeign) mark.executed = false;
  return mark;
}

}  // namespace

std::optional<std::string> as_the_server_reads(std::string_view statement, const SqlDialect& dialect) {
  std::string out;
  out.reserve(statement.size());
  unsigned open = 0;  // executed comments
  for (std::size_t at = 0; at < statement.size();) {
    const std::string_view rest = statement.substr(at);
    std::size_t end = at + 1;
    bool keep = true;
    if (rest[0] == '\'' || rest[0] == '"' || rest[0] == '`') {
      end = behind_quoted(statement, at, dialect.quotes);
    } else if (begins_line_comment(rest)) {
      end = behind_line(statement, at);
    } else if (rest.starts_with("/*!") || rest.starts_with("/*M!")) {
      const VersionMark mark = version_mark(rest, dialect);
      open += mark.executed ? 1 : 0;
      end = mark.executed ? at + mark.size : behind_comment(statement, at + mark.size, true);
      keep = false;
    } else if (rest.starts_with("/*")) {
      end = behind_comment(statement, at + 2, false);
    } else if (open > 0 && rest.starts_with("*/")) {
      --open;
      end = at + 2;
      keep = false;
    } else if (rest[0] == '\\') {
      return std::nullopt;
    }
    if (end == std::string_view::npos) return std::nullopt;
    if (keep) {
      out += statement.substr(at, end - at);
    } else {
      out += ' ';
    }
    at = end;
  }
  if (open > 0) return std::nullopt;
  return out;
}

void SqlTokens::skip_comments() {
  while (at_ < text_.size()) {
    if (is_sql_blank(text_[at_])) {
      ++at_;
    } else if (begins_line_comment(text_.substr(at_))) {
      at_ = behind_line(text_, at_);
    } else if (const std::string_view rest = text_.substr(at_);
               rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*M!")) {
      at_ = std::min(behind_comment(text_, at_ + 2, false), text_.size());
    } else {
      return;
    }
  }
}

std::optional<SqlTokens::Token> SqlTokens::next() {
  skip_comments();
  if (at_ >= text_.size()) return std::nullopt;
  Token token;
  token.begin = at_;
  const char c = text_[at_];
  if (c == '\'' || c == '"' || c == '`') {
    const bool is_name = c == '`' || (c == '"' && quotes_.ansi_quotes);
    token.kind = is_name ? SqlHead::Kind::name : SqlHead::Kind::string;
    at_ = std::min(behind_quoted(text_, at_, quotes_), text_.size());
    const std::size_t inside = at_ - token.begin < 2 ? 0 : at_ - token.begin - 2;
    for (std::size_t i = token.begin + 1; i < token.begin + 1 + inside; ++i) {
      token.text += text_[i];
      if (is_name && text_[i] == c) ++i;  // doubled
    }
  } else if (is_sql_word(c)) {
    token.kind = SqlHead::Kind::word;
    while (at_ < text_.size() && is_sql_word(text_[at_])) ++at_;
    token.text = lower_ascii(text_.substr(token.begin, at_ - token.begin));
  } else {
    token.text = c;
    ++at_;
  }
  token.end = at_;
  return token;
}

bool SqlTokens::take_word(std::string_view word) {
  SqlTokens after = *this;
  const std::optional<Token> token = after.next();
  if (!token || !token->is_word(word)) return false;
  *this = after;
  return true;
}

bool SqlTokens::take_symbol(char symbol) {
  SqlTokens after = *this;
  const std::optional<Token> token = after.next();
  if (!token || !token->is_symbol(symbol)) return false;
  *this = after;
  return true;
}

std::optional<std::string> SqlTokens::take_name() {
  SqlTokens after = *this;
  const std::optional<Token> token = after.next();
  if (!token || (token->kind != SqlHead::Kind::name && token->kind != SqlHead::Kind::word)) return std::nullopt;
  if (after.take_symbol('.')) return std::nullopt;
  *this = after;
  // A word keeps its case: names of tables may have two.
  if (token->kind == SqlHead::Kind::word) return std::string(text_.substr(token->begin, token->end - token->begin));
  return token->text;
}

}  // namespace wobackup
