// The lexical rules are those of the PHP manual, "Basic syntax", "Comments" and "Strings".
#include "site/php_tokens.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace wobackup {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_utf8(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12U));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | (code >> 18U));
    out += static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

class Lexer {
 public:
  Lexer(std::string_view source, std::size_t limit) : source_(source), limit_(limit) {}

  std::vector<PhpToken> run() {
    while (skip_to_php() && tokens_.size() < limit_) {
      while (at_ < source_.size() && tokens_.size() < limit_ && next_token()) {
      }
    }
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] bool looking_at(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  void advance(std::size_t count) {
    const std::size_t end = std::min(source_.size(), at_ + count);
    line_ += static_cast<std::size_t>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                 source_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }
  void advance_to(std::size_t position) {
    advance(position == std::string_view::npos ? source_.size() - at_ : position - at_);
  }
  void add(PhpToken::Kind kind, std::string value, std::size_t line) {
    tokens_.push_back({kind, std::move(value), line});
  }

  // Text outside of PHP tags is output, not code.
  bool skip_to_php() {
    while (true) {
      const std::size_t tag = source_.find("<?", at_);
      if (tag == std::string_view::npos) return false;
      advance_to(tag + 2);
      if (lower_ascii(source_.substr(at_, 3)) == "php") {
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
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      advance(1);
    } else if (looking_at("?>")) {
      advance(2);
      add(PhpToken::Kind::symbol, ";", line_);  // the tag ends a statement
      return false;
    } else if (looking_at("#[")) {
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
    const std::size_t newline = source_.find('\n', at_);
    const std::size_t tag = source_.find("?>", at_);  // ends the comment, and is seen as a tag
    advance_to(std::min(newline, tag));
  }

  void skip_attribute() {
    std::size_t depth = 0;
    do {
      const char c = peek();
      if (c == '\'' || c == '"') {
        const std::size_t kept = tokens_.size();
        c == '\'' ? single_quoted() : double_quoted(c);
        tokens_.resize(kept);
        continue;
      }
      if (c == '[') ++depth;
      if (c == ']') --depth;
      advance(1);
    } while ((depth > 0 || at_ == 0 || source_[at_ - 1] == '#') && at_ < source_.size());
  }

  void single_quoted() {
    const std::size_t line = line_;
    std::string value;
    advance(1);
    while (at_ < source_.size() && peek() != '\'') {
      if (peek() == '\\' && (peek(1) == '\'' || peek(1) == '\\')) advance(1);
      value += peek();
      advance(1);
    }
    advance(1);
    add(PhpToken::Kind::text, std::move(value), line);
  }

  void double_quoted(char quote) {
    const std::size_t line = line_;
    const std::size_t begin = at_ + 1;
    std::size_t end = begin;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2U : 1U;
    end = std::min(end, source_.size());
    std::string value;
    const bool known = unescape(source_.substr(begin, end - begin), quote, value) && quote == '"';
    advance_to(std::min(end + 1, source_.size()));
    add(known ? PhpToken::Kind::text : PhpToken::Kind::computed, known ? std::move(value) : "", line);
  }

  // Escapes of double-quoted strings and heredocs. Returns false if the string holds a variable.
  static bool unescape(std::string_view raw, char quote, std::string& out) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const char c = raw[i];
      const char next = i + 1 < raw.size() ? raw[i + 1] : '\0';
      if (c == '$' && (is_name_start(next) || next == '{')) return false;
      if (c == '{' && next == '$') return false;
      if (c != '\\') {
        out += c;
        continue;
      }
      i += unescape_one(raw.substr(i), quote, out) - 1;
    }
    return true;
  }

  // Handles one escape at the front and returns its length.
  static std::size_t unescape_one(std::string_view raw, char quote, std::string& out) {
    const char kind = raw.size() > 1 ? raw[1] : '\0';
    constexpr std::string_view kSimple = "nrtvef\\$";
    constexpr std::string_view kMeaning = "\n\r\t\v\x1b\f\\$";
    const std::size_t simple = kSimple.find(kind);
    if (raw.size() > 1 && simple != std::string_view::npos) {
      out += kMeaning[simple];
      return 2;
    }
    if (raw.size() > 1 && kind == quote && quote != '\0') {
      out += quote;
      return 2;
    }
    if (kind >= '0' && kind <= '7') {
      unsigned value = 0;
      std::size_t length = 1;
      while (length < 4 && length < raw.size() && raw[length] >= '0' && raw[length] <= '7') {
        value = value * 8 + static_cast<unsigned>(raw[length++] - '0');
      }
      out += static_cast<char>(value & 0xFFU);
      return length;
    }
    if (kind == 'x' && raw.size() > 2 && hex_value(raw[2]) >= 0) {
      int value = hex_value(raw[2]);
      const bool two = raw.size() > 3 && hex_value(raw[3]) >= 0;
      if (two) value = value * 16 + hex_value(raw[3]);
      out += static_cast<char>(value);
      return two ? 4 : 3;
    }
    if (kind == 'u' && raw.size() > 2 && raw[2] == '{') {
      unsigned long value = 0;
      std::size_t length = 3;
      while (length < raw.size() && hex_value(raw[length]) >= 0 && value <= 0x10FFFF) {
        value = value * 16 + static_cast<unsigned long>(hex_value(raw[length++]));
      }
      if (length < raw.size() && raw[length] == '}' && length > 3 && value <= 0x10FFFF) {
        append_utf8(out, value);
        return length + 1;
      }
    }
    out += '\\';
    return 1;
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
    const std::string_view name = source_.substr(name_begin, at_ - name_begin);
    if (quote != '\0' && peek() == quote) advance(1);
    if (peek() == '\r') advance(1);
    if (name.empty() || peek() != '\n') {
      add(PhpToken::Kind::symbol, "<", line);
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
    std::string body = without_indent(source_.substr(body_begin, body_end - body_begin), indent);
    std::string value;
    const bool known = quote == '\'' || unescape(body, '\0', value);
    if (quote == '\'') value = std::move(body);
    add(known ? PhpToken::Kind::text : PhpToken::Kind::computed, known ? std::move(value) : "", line);
  }

  // The newline before the closing name does not belong to the value.
  static std::string without_indent(std::string_view body, std::size_t indent) {
    std::string out;
    if (body.ends_with('\n')) body.remove_suffix(1);
    if (body.ends_with('\r')) body.remove_suffix(1);
    bool first = true;
    for (std::string_view line : split(body, '\n')) {
      if (!first) out += '\n';
      first = false;
      std::size_t blanks = 0;
      while (blanks < indent && blanks < line.size() && (line[blanks] == ' ' || line[blanks] == '\t')) ++blanks;
      out += line.substr(blanks);
    }
    return out;
  }

  bool word_or_symbol() {
    const std::size_t line = line_;
    const std::size_t begin = at_;
    const char c = peek();
    if (c == '$' && is_name_start(peek(1))) {
      advance(1);
      while (is_name_part(peek())) advance(1);
      add(PhpToken::Kind::variable, std::string(source_.substr(begin, at_ - begin)), line);
    } else if (is_name_start(c) || (c == '\\' && is_name_start(peek(1)))) {
      while (is_name_part(peek()) || (peek() == '\\' && is_name_start(peek(1)))) advance(1);
      add(PhpToken::Kind::name, std::string(source_.substr(begin, at_ - begin)), line);
      if (lower_ascii(tokens_.back().value) == "__halt_compiler") {
        advance_to(std::string_view::npos);
        return false;
      }
    } else if (is_digit(c)) {
      while (is_name_part(peek()) || peek() == '.') advance(1);
      add(PhpToken::Kind::number, std::string(source_.substr(begin, at_ - begin)), line);
    } else {
      advance(1);
      add(PhpToken::Kind::symbol, std::string(1, c), line);
    }
    return true;
  }

  std::string_view source_;
  std::size_t limit_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::vector<PhpToken> tokens_;
};

}  // namespace

std::vector<PhpToken> php_tokens(std::string_view source, std::size_t limit) { return Lexer(source, limit).run(); }

}  // namespace wobackup
