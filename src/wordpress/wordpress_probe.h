// Does this WordPress run, and what does it say of itself?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "wordpress/wordpress_run.h"

namespace wobackup {

/// The newest published post.
struct LatestPost {
  std::string id;
  std::string title;
  std::string date;  ///< "2025-01-20 14:25:30", UTC
};

/// What a WordPress says. Printable, and no more to be trusted than the site's code.
struct WordPressFacts {
  std::string version;              ///< of the files
  std::string db_version;           ///< of the tables
  std::string db_version_expected;  ///< by the files; another one means that wp-admin will ask for an upgrade
  std::string siteurl;
  std::string home;
  std::string title;
  std::optional<LatestPost> latest_post;
  std::vector<std::string> active_plugins;  ///< "akismet/akismet.php"
  std::string theme;
  bool multisite = false;
  std::string php_version;
  std::vector<std::string> missing_parts;  ///< sentences about active plugins, or a theme, without their files
  std::vector<std::string> filled_tables;  ///< of those that no update empties (users, posts, orders): that have rows
  std::vector<std::string> notices;        ///< what an admin should know: missing plugins, another PHP version ...
};

/// Loads WordPress with all its plugins and the theme, as a visit would, and reads a little. The site's code may write
/// to the database while it loads. With a database in place of the site's own it is made sure that the answer comes
/// from that one. Throws as run_wordpress does.
[[nodiscard]] WordPressFacts probe_wordpress(const WordPressRun& run, const Cancellation& cancellation);

}  // namespace wobackup
