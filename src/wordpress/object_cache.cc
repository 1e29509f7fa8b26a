#include "wordpress/object_cache.h"

#include <fmt/format.h>

#include "wobackup/error.h"
#include "wordpress/wordpress_answer.h"

namespace wobackup {
namespace {

// The prefix's end must not be a part of a name: "example.com" would also match example.com.au's keys, and
// "example_com_" those of "example_com_au_". The connection is the drop-in's own (phpredis, Relay or Predis); patterns
// quote what Redis takes for wildcards.
constexpr std::string_view kFlush = R"php(
    if (!wp_using_ext_object_cache()) return array('outcome' => 'none');
    if (Wobackup_Run::$in['own_server']) return array('outcome' => wp_cache_flush() ? 'all' : 'failed');
    $prefix = '';
    foreach (array('WP_REDIS_PREFIX', 'WP_CACHE_KEY_SALT') as $name) {
        if ($prefix === '' && defined($name)) $prefix = trim((string) constant($name));
    }
    if ($prefix === '') return array('outcome' => 'shared');
    if (!preg_match('/[:|\/#@]$/D', $prefix)) return array('outcome' => 'open_prefix', 'prefix' => $prefix);
    $cache = $GLOBALS['wp_object_cache'];
    $redis = is_object($cache) && method_exists($cache, 'redis_instance') ? $cache->redis_instance() : null;
    if (!is_object($redis)) return array('outcome' => 'unknown', 'prefix' => $prefix);
    $pattern = addcslashes($prefix, '*?[]\\^') . '*';
    $deleted = 0;
    $delete = function ($keys) use ($redis, $prefix, &$deleted) {
        foreach ((array) $keys as $key) {
            if (strncmp((string) $key, $prefix, strlen($prefix)) === 0) $deleted += (int) $redis->del($key);
        }
    };
    if (is_a($redis, 'Predis\ClientInterface')) {
        $cursor = 0;
        do {
            list($cursor, $keys) = $redis->scan($cursor, array('MATCH' => $pattern, 'COUNT' => 1000));
            $delete($keys);
        } while ((string) $cursor !== '0');
    } else {
        $cursor = null;
        do {
            $keys = $redis->scan($cursor, $pattern, 1000);
            $delete($keys ?: array());
        } while ((string) $cursor !== '0' && $cursor !== null);
    }
    return array('outcome' => 'prefix', 'prefix' => $prefix, 'deleted' => (string) $deleted);
)php";

CacheOutcome outcome_of(const Json& answer) {
  const std::string outcome = answer_text(answer, "outcome");
  const std::string prefix = answer_text(answer, "prefix");
  if (outcome == "none") return {true, "object cache: the site has none"};
  if (outcome == "all") return {true, "object cache: flushed"};
  if (outcome == "prefix") {
    return {true,
            fmt::format("object cache: {} keys with the prefix {} deleted", answer_text(answer, "deleted"), prefix)};
  }
  if (outcome == "shared") {
    return {false, "object cache: not flushed, since other sites may share it (the site has no WP_REDIS_PREFIX)"};
  }
  if (outcome == "open_prefix") {
    return {false,
            fmt::format("object cache: not flushed, since the keys of other sites may begin with the prefix {}, too",
                        prefix)};
  }
  if (outcome == "unknown") {
    return {false, "object cache: not flushed, since the drop-in gives no access to the keys of one site"};
  }
  return {false, "object cache: not flushed, WordPress could not do it"};
}

}  // namespace

CacheOutcome flush_object_cache(WordPressRun run, bool own_server, const Cancellation& cancellation) {
  run.start.object_cache = true;
  try {
    const std::string task =
        fmt::format("Wobackup_Run::$in['own_server'] = {};\n{}", own_server ? "true" : "false", kFlush);
    return outcome_of(run_wordpress(run, task, cancellation).answer);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return {false, fmt::format("object cache: not flushed: {}", error.message())};
  }
}

}  // namespace wobackup
