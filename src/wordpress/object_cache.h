// One site's values in a persistent object cache (Redis), which WordOps shares between all sites.
#pragma once

#include <string>

#include "base/cancellation.h"
#include "wordpress/wordpress_run.h"

namespace wobackup {

/// What became of a cache, as a sentence for people.
struct CacheOutcome {
  bool flushed = false;  ///< also when there was nothing to flush
  std::string text;
};

/// Starts WordPress with its object-cache.php drop-in and has it forget this site's values. With a key prefix
/// (WP_REDIS_PREFIX, WP_CACHE_KEY_SALT) that can be no other site's beginning, only keys with that prefix are deleted.
/// Without one everything in the cache may be other sites', and it is left alone, unless `own_server` says that nobody
/// shares it. Best effort: a WordPress that does not start is an outcome, not an Error. REQUIRES: not isolated, since
/// the cache may be at a port.
[[nodiscard]] CacheOutcome flush_object_cache(WordPressRun run, bool own_server, const Cancellation& cancellation);

}  // namespace wobackup
