// The lexical rules are those of the PHP manual, "Basic syntax", "Comments" and "Strings".
#include "site/php_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "site/php_strings.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Lexer {
 public:
  Lexer(std::string_view source, std::size_t limit) : source_(source), limit_(limit) {}

  std::vector<PhpToken> run() {
    while (skip_to_php()) {
      while (at_ < source_.size() && next_token()) {
      }
    }
    return std::move(tokens_);
  }

 private:
  using Kind = PhpToken::Kind;

  [[nodiscard]] bool looking_at(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  [[nodiscard]] std::string_view since(std::size_t begin) const { return source_.substr(begin, at_ - begin); }
  void advance(std::size_t count) {
    const std::string_view passed = source_.substr(at_, count);
    line_ += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
    at_ += passed.size();
  }
  void advance_to(std::size_t position) { advance(std::min(position, source_.size()) - at_); }

  void add(Kind kind, std::string_view value, std::size_t line) {
    if (tokens_.size() == limit_) {
      throw Error(ErrorKind::failed, fmt::format("its PHP source is longer than {} tokens", limit_));
    }
    tokens_.push_back({kind, std::string(value), line, begin_, at_});
  }
  void add_string(const std::optional<std::string>& value, std::size_t line) {
    add(value ? Kind::text : Kind::computed, value.value_or(""), line);
  }

  // Text outside of PHP tags is output, not code.
  bool skip_to_php() {
    while (true) {
      const std::size_t tag = source_.find("<?", at_);
      if (tag == std::string_view::npos) return false;
      advance_to(tag + 2);
      const bool long_tag = lower_ascii(source_.substr(at_, 3)) == "php";
      if (long_tag && (at_ + 3 == source_.size() || is_blank(peek(3)))) {
        advance(3);
        return true;
      }
      if (peek() == '=') {
        advance(1);
        return true;
      }
    }
  }

  // Returns false when the PHP part ends.
  bool next_token() {
    begin_ = at_;
    const char c = peek();
    if (is_blank(c)) {
      advance(1);
    } else if (looking_at("?>")) {
      add(Kind::symbol, ";", line_);  // the tag ends a statement
      advance(2);
      return false;
    } else if (looking_at("#[") && !attributes_are_comments_) {
      skip_attribute();
    } else if (c == '#' || looking_at("//")) {
      skip_line_comment();
    } else if (looking_at("/*")) {
      const std::size_t end = source_.find("*/", at_ + 2);
      advance_to(end == std::string_view::npos ? end : end + 2);
    } else if (c == '\'') {
      single_quoted();
    } else if (c == '"' || c == '`') {
      double_quoted(c);
    } else if (looking_at("<<<")) {
      heredoc();
    } else {
      return word_or_symbol();
    }
    return true;
  }

  void skip_line_comment() {
    const std::size_t end = std::min(source_.find_first_of("\r\n", at_), source_.size());
    // A closing tag ends the comment too. Looked for in this line only: else time would be quadratic.
    const std::size_t tag = source_.substr(at_, end - at_).find("?>");
    advance_to(tag == std::string_view::npos ? end : at_ + tag);
  }

  // #[Name(...)] since PHP 8. If it never ends, it is what it was before: a comment.
  void skip_attribute() {
    const std::size_t begin = at_, line = line_, kept = tokens_.size();
    attributes_are_comments_ = true;  // what looks like an attribute within it is not, so that nothing recurses
    advance(2);
    std::size_t depth = 1;
    while (depth > 0 && at_ < source_.size()) {
      const std::size_t before = tokens_.size();
      if (!next_token()) break;
      if (tokens_.size() == before || tokens_.back().kind != Kind::symbol) continue;
      if (tokens_.back().value == "[") ++depth;
      if (tokens_.back().value == "]") --depth;
    }
    tokens_.resize(kept);
    if (depth == 0) {
      attributes_are_comments_ = false;
      return;
    }
    // From here on all are comments, so that not each of many is followed to the end.
    at_ = begin;
    line_ = line;
    skip_line_comment();
  }

  void single_quoted() {
    const std::size_t line = line_, begin = at_ + 1;
    std::size_t end = begin;
    while (end < source_.size() && source_[end] != '\'') end += source_[end] == '\\' ? 2U : 1U;
    end = std::min(end, source_.size());
    advance_to(end + 1);
    add_string(php_single_quoted(source_.substr(begin, end - begin)), line);
  }

  void double_quoted(char quote) {
    const std::size_t line = line_, begin = at_ + 1;
    const std::size_t end = php_string_end(source_, begin, quote);
    advance_to(end + 1);
    const bool is_command = quote == '`';
    add_string(is_command ? std::nullopt : php_double_quoted(source_.substr(begin, end - begin), quote), line);
  }

  // <<<NAME, <<<"NAME" or <<<'NAME': ends at a line that begins (after blanks) with NAME; the blanks before it are
  // taken off every line.
  void heredoc() {
    const std::size_t line = line_;
    advance(3);
    while (peek() == ' ' || peek() == '\t') advance(1);
    const char quote = peek() == '\'' || peek() == '"' ? peek() : '\0';
    if (quote != '\0') advance(1);
    const std::size_t name_begin = at_;
    while (is_name_part(peek())) advance(1);
    const std::string_view name = since(name_begin);
    if (quote != '\0' && peek() == quote) advance(1);
    if (peek() == '\r') advance(1);
    if (name.empty() || peek() != '\n') {
      add(Kind::symbol, "<", line);
      return;
    }
    advance(1);
    const std::size_t body_begin = at_;
    std::size_t body_end = source_.size(), indent = 0;
    while (at_ < source_.size()) {
      const std::size_t line_begin = at_;
      while (peek() == ' ' || peek() == '\t') advance(1);
      if (looking_at(name) && !is_name_part(peek(name.size()))) {
        indent = at_ - line_begin;
        body_end = line_begin;
        advance(name.size());
        break;
      }
      const std::size_t newline = source_.find('\n', at_);
      advance_to(newline == std::string_view::npos ? newline : newline + 1);
    }
    const std::string body = php_heredoc_body(source_.substr(body_begin, body_end - body_begin), indent);
    add_string(quote == '\'' ? body : php_double_quoted(body, '\0'), line);
  }

  bool word_or_symbol() {
    const std::size_t line = line_, begin = at_;
    const char c = peek();
    if (c == '$' && is_name_start(peek(1))) {
      advance(1);
      while (is_name_part(peek())) advance(1);
      add(Kind::variable, since(begin), line);
    } else if (is_name_start(c) || (c == '\\' && is_name_start(peek(1)))) {
      while (is_name_part(peek()) || (peek() == '\\' && is_name_start(peek(1)))) advance(1);
      add(Kind::name, since(begin), line);
      if (lower_ascii(tokens_.back().value) == "__halt_compiler") {
        advance_to(source_.size());
        return false;
      }
    } else if (is_digit(c)) {
      while (is_name_part(peek())) advance(1);
      add(Kind::number, since(begin), line);
    } else {
      advance(1);
      add(Kind::symbol, since(begin), line);
    }
    return true;
  }

  std::string_view source_;
  std::size_t limit_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the token
  std::size_t line_ = 1;
  bool attributes_are_comments_ = false;
  std::vector<PhpToken> tokens_;
};

}  // namespace

std::vector<PhpToken> php_tokens(std::string_view source, std::size_t limit) { return Lexer(source, limit).run(); }

}  // namespace wobackup
