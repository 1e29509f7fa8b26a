// Whose rows are not lost silently when a database is rolled back: orders, comments, users, what forms have brought.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/files/path_pattern.h"
#include "wobackup/site.h"

namespace wobackup {

/// The globs that hold if the settings name none. docs/guard.md lists them.
[[nodiscard]] const std::vector<std::string>& default_keep_rows();

/// $table_prefix of the config file that WordPress loads; empty if there is none or PHP computes it. Throws nothing.
[[nodiscard]] std::string table_prefix_of(const Site& site);

/// Which of a table's rows are meant.
struct KeptSelection {
  std::string table;
  /// Nothing: all rows. Else of a posts table those of these post types, as SQL LIKE patterns; of a postmeta table
  /// those of these posts.
  std::vector<std::string> post_types;
  std::string posts_table;  ///< with post_types, for a postmeta table: where its posts are
  /// Column and value of rows that are of no use to anybody: sessions.
  std::optional<std::pair<std::string, std::string>> without;
};

/// Globs "name" and "posts:type", compared with tables' names without the prefix (of a multisite also without the
/// site's number).
class KeptTables {
 public:
  /// Throws Error usage for an unusable glob.
  KeptTables(const std::vector<std::string>& globs, std::string prefix);
  /// Of these tables, those that are meant.
  [[nodiscard]] std::vector<KeptSelection> select(const std::vector<std::string>& tables) const;

 private:
  [[nodiscard]] std::optional<std::string> plain_name(std::string_view table) const;

  std::string prefix_;
  std::vector<PathPattern> names_;
  std::vector<std::string> post_types_;
};

}  // namespace wobackup
