// What wp-config.php says, read as text.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wobackup {

/// A constant's value, or why it cannot be told.
struct PhpValue {
  std::optional<std::string> text;  ///< nothing: computed by PHP, or different in different branches
  std::size_t line = 0;
  std::vector<std::pair<std::size_t, std::size_t>> places =
      {};                ///< begin and end in the source, where it has this text
  std::string why = {};  ///< when there is no text: "is computed by PHP", "is defined differently in lines 3 and 9"
};

/// Constants by name (DB_NAME ...), and "$table_prefix".
using PhpSettings = std::map<std::string, PhpValue, std::less<>>;

/// Finds `define('NAME', 'value')`, `const NAME = 'value'` and `$table_prefix = 'value'`, also in branches. As in PHP,
/// the first definition of a constant holds; but which branch PHP takes is not known, so different values after a
/// conditional one are as good as a computed one. Literals joined by dots are one literal. The source is hostile;
/// nothing is executed, time is linear. Throws Error failed for an absurd number of tokens.
[[nodiscard]] PhpSettings wp_config_settings(std::string_view source);

/// The source with other values for these constants, wherever they are defined by a literal. Constants that PHP
/// computes, that are defined differently in different branches, or not at all stay as they are. Throws as above.
[[nodiscard]] std::string with_wp_config_settings(std::string_view source,
                                                  const std::map<std::string, std::string>& values);

}  // namespace wobackup
