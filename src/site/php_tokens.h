// PHP source as tokens, as far as settings in wp-config.php need it. Nothing is ever executed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

struct PhpToken {
  enum class Kind {
    name,      ///< an identifier, perhaps with backslashes
    variable,  ///< with its '$'
    text,      ///< a string whose value is known
    computed,  ///< a string with something in it that only PHP can know
    number,
    symbol,  ///< one character of anything else
  };
  Kind kind = Kind::symbol;
  std::string value;
  std::size_t line = 1;
  std::size_t begin = 0;  ///< where it stands in the source
  std::size_t end = 0;
};

/// Tokens of everything between <?php (or <?=) and ?>; comments and attributes are left out. Time is linear in the
/// source; unfinished strings and comments end with it. Throws Error failed for more than `limit` tokens, rather than
/// not seeing what comes after them.
[[nodiscard]] std::vector<PhpToken> php_tokens(std::string_view source, std::size_t limit = 200'000);

}  // namespace wobackup
