// The PHP text that starts a WordPress and brings back an answer.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "site/database_login.h"

namespace wobackup {

/// Which WordPress, and how.
struct WordPressStart {
  std::filesystem::path htdocs;
  std::optional<std::filesystem::path> wp_config;  ///< default: where WordPress looks, in htdocs and above
  std::string host;                                ///< the site's name: a multisite finds its site by it
  bool https = false;
  std::optional<DatabaseLogin> database;  ///< in place of the one in wp-config.php
  bool object_cache = false;              ///< with the object-cache.php drop-in
  /// Statements that would change the database are swallowed: a first visit to a WordPress writes options, and a live
  /// site shall not change because it was looked at. (Code that does not go through $wpdb is not held back.)
  bool read_only = false;
};

/// A script that loads WordPress without cron, mail, outgoing HTTP, page cache and maintenance mode, and then runs
/// `task`: the body of a PHP function that returns an array, the answer. Between two copies of `token` on stdout
/// stands one JSON object: {"answer": ...}, or {"failure": kind, ...} when WordPress or the task ended early.
[[nodiscard]] std::string wordpress_script(const WordPressStart& start, std::string_view task,
                                           const std::string& token);

}  // namespace wobackup
