#include "database/sql_scanner_head.h"

#include <utility>

#include "base/text.h"

namespace wobackup {

std::optional<SqlHead::Token> SqlHead::next() {
  while (at_ < head_.size()) {
    const char c = head_[at_];
    if (is_sql_blank(c)) {
      ++at_;
    } else if (skip_comment()) {
      continue;
    } else if (c == '`' || c == '"' || c == '\'') {
      return quoted(c);
    } else if (is_sql_word(c)) {
      const std::size_t begin = at_;
      while (at_ < head_.size() && is_sql_word(head_[at_])) ++at_;
      std::string spelling(head_.substr(begin, at_ - begin));
      return Token{Kind::word, lower_ascii(spelling), std::move(spelling)};
    } else {
      ++at_;
      return Token{Kind::symbol, std::string(1, c), std::string(1, c)};
    }
  }
  return std::nullopt;
}

// Also the end of an executable comment, whose beginning was passed over.
bool SqlHead::skip_comment() {
  const std::string_view rest = head_.substr(at_);
  const auto skip_to = [this](std::string_view end) {
    const std::size_t found = head_.find(end, at_);
    at_ = found == std::string_view::npos ? head_.size() : found + end.size();
    return true;
  };
  if (rest.starts_with("*/")) {
    at_ += 2;
    return true;
  }
  if (rest.starts_with("#") || (rest.starts_with("--") && (rest.size() == 2 || is_sql_blank(rest[2])))) {
    return skip_to("\n");
  }
  if (!rest.starts_with("/*")) return false;
  const bool maria = rest.starts_with("/*M!");
  at_ += 2;
  if (!maria && !rest.starts_with("/*!")) return skip_to("*/");
  at_ += maria ? 2 : 1;
  const std::size_t version = at_;
  while (at_ < head_.size() && head_[at_] >= '0' && head_[at_] <= '9') ++at_;
  return head_.substr(version, at_ - version) == kNeverVersion ? skip_to("*/") : true;
}

SqlHead::Token SqlHead::quoted(char quote) {
  Token token;
  token.kind = quote == '\'' ? Kind::string : Kind::name;
  for (++at_; at_ < head_.size(); ++at_) {
    if (head_[at_] == quote) {
      if (at_ + 1 >= head_.size() || head_[at_ + 1] != quote) break;
      ++at_;  // a doubled quote stands for one
    }
    token.text += head_[at_];
  }
  if (at_ < head_.size()) ++at_;
  token.spelling = token.text;
  return token;
}

bool SqlHead::skip_past(std::string_view word) {
  while (const std::optional<Token> token = next()) {
    if (token->is_word(word)) return true;
  }
  return false;
}

std::string SqlHead::object_name() {
  std::optional<Token> first = next();
  while (first && (first->is_word("if") || first->is_word("not") || first->is_word("exists"))) first = next();
  if (!first || !first->is_identifier()) return {};
  const std::size_t behind = at_;
  const std::optional<Token> dot = next();
  if (dot && dot->is_symbol('.')) {
    const std::optional<Token> second = next();
    return second && second->is_identifier() ? second->spelling : std::string();
  }
  at_ = behind;
  return first->spelling;
}

std::optional<QuoteRules> quote_rules_set_by(std::string_view head) {
  SqlHead tokens(head);
  std::optional<SqlHead::Token> token = tokens.next();
  if (!token || !token->is_word("set")) return std::nullopt;
  std::optional<QuoteRules> rules;
  int signs = 0;  // '@' before the word: one makes it a user's variable
  while ((token = tokens.next())) {
    if (token->is_symbol('@')) {
      ++signs;
      continue;
    }
    const bool names_mode = token->is_word("sql_mode") && std::exchange(signs, 0) != 1;
    signs = 0;
    if (!names_mode) continue;
    token = tokens.next();
    if (!token || !token->is_symbol('=')) continue;
    token = tokens.next();
    rules = QuoteRules{};
    if (!token) break;
    if (token->is_symbol('@')) ++signs;
    if (token->kind != SqlHead::Kind::string) continue;
    rules->no_backslash_escapes = token->text.find("NO_BACKSLASH_ESCAPES") != std::string::npos;
    rules->ansi_quotes = token->text.find("ANSI_QUOTES") != std::string::npos;
  }
  return rules;
}

}  // namespace wobackup
