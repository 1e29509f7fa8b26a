#include "source/files/path_pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {

PathPattern::PathPattern(std::string_view glob) {
  const std::string whole = printable(glob);
  if (glob.ends_with('/')) {
    folders_only_ = true;
    glob.remove_suffix(1);
  }
  anchored_ = glob.find('/') != std::string_view::npos;
  if (glob.starts_with('/')) glob.remove_prefix(1);
  if (glob.empty()) throw Error(ErrorKind::usage, fmt::format("exclude pattern \"{}\" is empty", whole));
  for (std::size_t i = 0; i < glob.size();) {
    Token token;
    if (glob.substr(i).starts_with("**")) {
      token.kind = Token::Kind::two_stars;
      while (i < glob.size() && glob[i] == '*') ++i;
      token.slash_follows = i < glob.size() && glob[i] == '/';
      if (token.slash_follows) ++i;
    } else if (glob[i] == '*') {
      token.kind = Token::Kind::star;
      ++i;
    } else if (glob[i] == '?') {
      token.kind = Token::Kind::any;
      ++i;
    } else if (glob[i] == '[') {
      i = parse_class(glob, i, token);
      if (i == 0) throw Error(ErrorKind::usage, fmt::format("exclude pattern \"{}\": the [ is not closed", whole));
    } else {
      if (glob[i] == '\\' && ++i == glob.size()) {
        throw Error(ErrorKind::usage, fmt::format("exclude pattern \"{}\" ends in a backslash", whole));
      }
      token.byte = glob[i++];
    }
    tokens_.push_back(std::move(token));
  }
}

// Returns the position behind the class, 0 if it is not closed.
std::size_t PathPattern::parse_class(std::string_view glob, std::size_t at, Token& token) {
  token.kind = Token::Kind::klass;
  ++at;
  token.negated = at < glob.size() && (glob[at] == '!' || glob[at] == '^');
  if (token.negated) ++at;
  for (bool first = true; at < glob.size(); first = false) {
    if (glob[at] == ']' && !first) return at + 1;
    const auto from = static_cast<unsigned char>(glob[at++]);
    auto to = from;
    if (at + 1 < glob.size() && glob[at] == '-' && glob[at + 1] != ']') {
      to = static_cast<unsigned char>(glob[at + 1]);
      at += 2;
    }
    token.ranges.emplace_back(from, to);
  }
  return 0;
}

bool PathPattern::accepts(const Token& token, char byte) {
  switch (token.kind) {
    case Token::Kind::byte:
      return token.byte == byte;
    case Token::Kind::any:
    case Token::Kind::star:
      return byte != '/';
    case Token::Kind::two_stars:
      return true;
    case Token::Kind::klass: {
      const auto value = static_cast<unsigned char>(byte);
      const bool inside = std::any_of(token.ranges.begin(), token.ranges.end(), [value](const auto& range) {
        return range.first <= value && value <= range.second;
      });
      return byte != '/' && inside != token.negated;
    }
  }
  return false;
}

// All positions in the pattern that the text so far can lead to, advanced byte by byte: no backtracking, so a hostile
// path cannot make a pattern slow.
bool PathPattern::matches_text(std::string_view text) const {
  const std::size_t end = tokens_.size();
  std::vector<char> states(end + 1, 0), next(end + 1, 0);
  const auto skip_empty = [&](std::vector<char>& set, bool at_name_start) {
    for (std::size_t i = 0; i < end; ++i) {
      if (set[i] == 0) continue;
      const Token& token = tokens_[i];
      if (token.kind == Token::Kind::star) set[i + 1] = 1;
      if (token.kind == Token::Kind::two_stars && (!token.slash_follows || at_name_start)) set[i + 1] = 1;
    }
  };
  states[0] = 1;
  skip_empty(states, true);
  for (const char byte : text) {
    std::fill(next.begin(), next.end(), 0);
    for (std::size_t i = 0; i < end; ++i) {
      if (states[i] == 0 || !accepts(tokens_[i], byte)) continue;
      const bool stays = tokens_[i].kind == Token::Kind::star || tokens_[i].kind == Token::Kind::two_stars;
      next[stays ? i : i + 1] = 1;
    }
    skip_empty(next, byte == '/');
    states.swap(next);
  }
  return states[end] != 0;
}

bool PathPattern::matches(std::string_view path, bool is_directory) const {
  if (folders_only_ && !is_directory) return false;
  if (anchored_) return matches_text(path);
  const std::size_t slash = path.rfind('/');
  return matches_text(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::vector<PathPattern> path_patterns(const std::vector<std::string>& globs) { return {globs.begin(), globs.end()}; }

}  // namespace wobackup
