// What PHP's string literals mean: escapes, interpolation, indentation of heredocs. Rules of the PHP manual, "Strings".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wobackup {

/// The value of a single-quoted string, given what stands between its quotes.
[[nodiscard]] std::string php_single_quoted(std::string_view raw);

/// The value of a double-quoted string (`quote` is '"') or of a heredoc's body (`quote` is zero); nothing if it holds a
/// variable, so that only PHP can know it.
[[nodiscard]] std::optional<std::string> php_double_quoted(std::string_view raw, char quote);

/// Where a double-quoted string or a shell command ends: the position of its closing quote, or the source's size if
/// there is none. `begin` is the position after the opening quote. "{$a["b"]}" holds strings of its own. Linear.
[[nodiscard]] std::size_t php_string_end(std::string_view source, std::size_t begin, char quote);

/// A heredoc's body without the newline before its closing name and without that name's indentation.
[[nodiscard]] std::string php_heredoc_body(std::string_view body, std::size_t indent);

}  // namespace wobackup
