#include "database/sql_cursor.h"

#include <cctype>

namespace wobackup {
namespace {

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

bool SqlPiece::is_word(std::string_view word) const {
  if (kind != Kind::word || text.size() != word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (std::toupper(static_cast<unsigned char>(text[i])) != word[i]) return false;
  }
  return true;
}

std::string SqlPiece::value() const {
  if (kind == Kind::word || kind == Kind::symbol || text.size() < 2) return std::string(text);
  const char quote = text[0];
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    out += text[i];
    if (text[i] == quote && text[i + 1] == quote) ++i;
  }
  return out;
}

void SqlCursor::skip_blank() {
  while (at_ < sql_.size()) {
    const std::string_view rest = sql_.substr(at_);
    if (is_blank(rest[0])) {
      ++at_;
    } else if (rest.starts_with("/*!") || rest.starts_with("/*M!")) {
      at_ += rest[2] == '!' ? std::size_t{3} : std::size_t{4};
      while (at_ < sql_.size() && std::isdigit(static_cast<unsigned char>(sql_[at_])) != 0) ++at_;
    } else if (rest.starts_with("*/")) {
      at_ += 2;
    } else if (rest.starts_with("/*")) {
      const std::size_t end = rest.find("*/", 2);
      at_ = end == std::string_view::npos ? sql_.size() : at_ + end + 2;
    } else if (rest[0] == '#' || (rest.starts_with("--") && (rest.size() == 2 || is_blank(rest[2])))) {
      const std::size_t end = rest.find('\n');
      at_ = end == std::string_view::npos ? sql_.size() : at_ + end + 1;
    } else {
      return;
    }
  }
}

std::size_t SqlCursor::behind_quote(std::size_t at) const {
  const char quote = sql_[at];
  const bool name = quote == '`' || (quote == '"' && quotes_.ansi_quotes);
  for (++at; at < sql_.size(); ++at) {
    if (sql_[at] == '\\' && !name && !quotes_.no_backslash_escapes) {
      ++at;
    } else if (sql_[at] == quote) {
      if (at + 1 == sql_.size() || sql_[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return sql_.size();
}

std::optional<SqlPiece> SqlCursor::next() {
  skip_blank();
  if (at_ >= sql_.size()) return std::nullopt;
  SqlPiece piece;
  piece.begin = at_;
  const char first = sql_[at_];
  if (first == '`' || first == '\'' || first == '"') {
    const bool name = first == '`' || (first == '"' && quotes_.ansi_quotes);
    piece.kind = name ? SqlPiece::Kind::name : SqlPiece::Kind::string;
    at_ = behind_quote(at_);
  } else if (is_word_byte(first)) {
    piece.kind = SqlPiece::Kind::word;
    while (at_ < sql_.size() && is_word_byte(sql_[at_])) ++at_;
  } else {
    ++at_;
  }
  piece.end = at_;
  piece.text = sql_.substr(piece.begin, piece.end - piece.begin);
  return piece;
}

QuoteRules quote_rules_of(std::string_view sql_mode) {
  const std::string modes = "," + std::string(sql_mode) + ",";
  return {modes.find(",NO_BACKSLASH_ESCAPES,") != std::string::npos, modes.find(",ANSI_QUOTES,") != std::string::npos};
}

}  // namespace wobackup
