#include "site/php_strings.h"

#include <algorithm>

namespace wobackup {
namespace {

bool starts_variable(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '{' ||
         static_cast<unsigned char>(c) >= 0x80;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_utf8(std::string& out, unsigned long code) {
  const auto continuation = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    continuation(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12U));
    continuation(6);
    continuation(0);
  } else {
    out += static_cast<char>(0xF0U | (code >> 18U));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

// \101: up to three octal digits.
std::size_t octal_escape(std::string_view raw, std::string& out) {
  unsigned value = 0;
  std::size_t length = 1;
  while (length < 4 && length < raw.size() && raw[length] >= '0' && raw[length] <= '7') {
    value = value * 8 + static_cast<unsigned>(raw[length++] - '0');
  }
  out += static_cast<char>(value & 0xFFU);
  return length;
}

// \x41: one or two hex digits; zero if there is none.
std::size_t hex_escape(std::string_view raw, std::string& out) {
  unsigned value = 0;
  std::size_t length = 2;
  while (length < 4 && length < raw.size() && hex_value(raw[length]) >= 0) {
    value = value * 16 + static_cast<unsigned>(hex_value(raw[length++]));
  }
  if (length == 2) return 0;
  out += static_cast<char>(value);
  return length;
}

// \u{1F600}; zero if it is none.
std::size_t unicode_escape(std::string_view raw, std::string& out) {
  if (raw.size() < 5 || raw[2] != '{') return 0;
  unsigned long value = 0;
  std::size_t length = 3;
  while (length < raw.size() && hex_value(raw[length]) >= 0 && value <= 0x10FFFF) {
    value = value * 16 + static_cast<unsigned long>(hex_value(raw[length++]));
  }
  if (length == 3 || length >= raw.size() || raw[length] != '}' || value > 0x10FFFF) return 0;
  append_utf8(out, value);
  return length + 1;
}

// Resolves the escape at the front of `raw`, which begins with a backslash, and returns its length.
std::size_t escape(std::string_view raw, char quote, std::string& out) {
  if (raw.size() > 1) {
    const char kind = raw[1];
    constexpr std::string_view kSimple = "nrtvef\\$";
    constexpr std::string_view kMeaning = "\n\r\t\v\x1b\f\\$";
    const std::size_t simple = kSimple.find(kind);
    if (simple != std::string_view::npos || (kind == quote && quote != '\0')) {
      out += simple != std::string_view::npos ? kMeaning[simple] : quote;
      return 2;
    }
    std::size_t length = 0;
    if (kind >= '0' && kind <= '7') length = octal_escape(raw, out);
    if (kind == 'x' || kind == 'X') length = hex_escape(raw, out);
    if (kind == 'u') length = unicode_escape(raw, out);
    if (length > 0) return length;
  }
  out += '\\';
  return 1;
}

// Position after a single-quoted string that begins at `at`.
std::size_t after_single_quoted(std::string_view source, std::size_t at) {
  for (++at; at < source.size() && source[at] != '\''; ++at) {
    if (source[at] == '\\') ++at;
  }
  return std::min(at + 1, source.size());
}

// Position after the comment that begins at `at`, or `at` if there is none.
std::size_t after_comment(std::string_view source, std::size_t at) {
  const std::string_view two = source.substr(at, 2);
  if (two == "/*") {
    const std::size_t end = source.find("*/", at + 2);
    return end == std::string_view::npos ? source.size() : end + 2;
  }
  if (two != "//" && (two.empty() || two[0] != '#' || two == "#[")) return at;
  return std::min(source.find_first_of("\r\n", at), source.size());
}

}  // namespace

std::string php_single_quoted(std::string_view raw) {
  std::string value;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size() && (raw[i + 1] == '\'' || raw[i + 1] == '\\')) ++i;
    value += raw[i];
  }
  return value;
}

std::optional<std::string> php_double_quoted(std::string_view raw, char quote) {
  std::string value;
  for (std::size_t i = 0; i < raw.size();) {
    const char c = raw[i];
    const char next = i + 1 < raw.size() ? raw[i + 1] : '\0';
    if ((c == '$' && starts_variable(next)) || (c == '{' && next == '$')) return std::nullopt;
    if (c == '\\') {
      i += escape(raw.substr(i), quote, value);
    } else {
      value += c;
      ++i;
    }
  }
  return value;
}

std::size_t php_string_end(std::string_view source, std::size_t begin, char quote) {
  // What is open, from the outside in: a quote, or '}' for code within a string. A list, as depth has no limit.
  std::string open(1, quote);
  std::size_t at = begin;
  while (at < source.size()) {
    const char c = source[at];
    const std::string_view two = source.substr(at, 2);
    if (open.back() != '}') {
      if (c == open.back()) {
        open.pop_back();
        if (open.empty()) return at;
      } else if (two == "{$" || two == "${") {
        open += '}';
        ++at;
      } else if (c == '\\') {
        ++at;
      }
      ++at;
      continue;
    }
    if (c == '\'') {
      at = after_single_quoted(source, at);
    } else if (const std::size_t after = after_comment(source, at); after != at) {
      at = after;
    } else {
      if (c == '"' || c == '`') open += c;
      if (c == '{') open += '}';
      if (c == '}') open.pop_back();
      ++at;
    }
  }
  return source.size();
}

std::string php_heredoc_body(std::string_view body, std::size_t indent) {
  if (body.ends_with('\n')) body.remove_suffix(1);
  if (body.ends_with('\r')) body.remove_suffix(1);
  std::string out;
  std::size_t to_skip = indent;
  for (const char c : body) {
    if (to_skip > 0 && (c == ' ' || c == '\t')) {
      --to_skip;
      continue;
    }
    to_skip = c == '\n' ? indent : 0;
    out += c;
  }
  return out;
}

}  // namespace wobackup
