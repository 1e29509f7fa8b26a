// Globs that leave paths out of a backup.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

/// One glob. Without '/' (but for one at the end) it matches a name at any depth; with '/', the whole path relative to
/// the site's folder (a leading '/' changes nothing). `*` and `?` do not cross '/', `**` does ("**/" also matches
/// nothing),
/// `[a-z]` and `[!a-z]` are classes, `\` takes the next character literally. A '/' at the end matches folders only.
/// Bytes, not characters. Matching takes time in proportion to pattern times path at the most.
class PathPattern {
 public:
  /// Throws Error usage for an empty or unfinished pattern.
  explicit PathPattern(std::string_view glob);
  [[nodiscard]] bool matches(std::string_view path, bool is_directory) const;

 private:
  struct Token {
    enum class Kind { byte, any, star, two_stars, klass } kind = Kind::byte;
    char byte = 0;
    bool slash_follows = false;  // of two_stars: "**/", which may also match nothing
    bool negated = false;
    std::vector<std::pair<unsigned char, unsigned char>> ranges;
  };
  static std::size_t parse_class(std::string_view glob, std::size_t at, Token& token);
  static bool accepts(const Token& token, char byte);
  [[nodiscard]] bool matches_text(std::string_view text) const;

  std::vector<Token> tokens_;
  bool anchored_ = false;
  bool folders_only_ = false;
};

[[nodiscard]] std::vector<PathPattern> path_patterns(const std::vector<std::string>& globs);

}  // namespace wobackup
