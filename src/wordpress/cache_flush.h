// After a site was changed from outside: its caches forget it, and no other site's do.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "wordpress/wordpress_run.h"

namespace wobackup {

/// What to flush. Every part is optional.
struct CacheFlushRequest {
  std::vector<std::string> hosts;         ///< the site's names, in lower case
  std::optional<WordPressRun> wordpress;  ///< for the object cache
  bool own_object_cache = false;          ///< the admin says that no other site uses it
  std::optional<std::filesystem::path> page_cache = "/var/run/nginx-cache";
  /// Has PHP-FPM drop compiled scripts, by an argument vector; see php_reload_command. Empty: not done.
  std::vector<std::string> php_reload;
};

/// Sentences for people.
struct CacheFlush {
  std::vector<std::string> flushed;
  std::vector<std::string> not_flushed;
};

/// Best effort: what fails is told in `not_flushed`. Throws Error interrupted only.
[[nodiscard]] CacheFlush flush_caches(const CacheFlushRequest& request, const Cancellation& cancellation);

/// `systemctl reload php8.3-fpm` for a version as the registry has it; empty for anything else.
[[nodiscard]] std::vector<std::string> php_reload_command(const std::optional<std::string>& php_version);

}  // namespace wobackup
