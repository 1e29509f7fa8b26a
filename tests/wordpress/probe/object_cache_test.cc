// A shared object cache forgets one site's values. The stand-in drop-in keeps its keys in a file, by phpredis' calls.
#include "wordpress/object_cache.h"

#include <gtest/gtest.h>

#include "fakes/plain_tools.h"
#include "wordpress/probe/installed_wordpress.h"

namespace wobackup {
namespace {

const Cancellation kNever;

class ObjectCacheFlush : public test::WordPressSiteTest {
 protected:
  static constexpr const char* kKeys =
      "a:wp_:options:all\na:wp_:posts:1\nab:wp_:options:all\na*:x\nb:wp_:options:all\n";

  void plant_cache() {
    keys_ = plant("wp-content/keys", kKeys);
    plant("wp-content/object-cache.php", R"php(<?php
class Keys {
    private $keys;
    function __construct() { $this->keys = file(WP_CONTENT_DIR . '/keys', FILE_IGNORE_NEW_LINES); }
    function save() { file_put_contents(WP_CONTENT_DIR . '/keys', implode("\n", $this->keys) . "\n"); }
    function scan(&$cursor, $pattern, $count) {
        $from = (int) $cursor;
        $cursor = $from + 2 < count($this->keys) ? $from + 2 : 0;
        return array_filter(array_slice($this->keys, $from, 2), function ($key) use ($pattern) { return fnmatch($pattern, $key); });
    }
    function del($key) { $this->keys[array_search($key, $this->keys)] = 'deleted'; $this->save(); return 1; }
    function flushdb() { $this->keys = array(); $this->save(); return true; }
}
$GLOBALS['keys'] = new Keys();
require_once ABSPATH . WPINC . '/class-wp-object-cache.php';
class Keyed_Object_Cache extends WP_Object_Cache { function redis_instance() { return $GLOBALS['keys']; } }
function wp_cache_init() { $GLOBALS['wp_object_cache'] = new Keyed_Object_Cache(); }
function wp_cache_add($k, $d, $g = '', $e = 0) { return $GLOBALS['wp_object_cache']->add($k, $d, $g ?: 'default', (int) $e); }
function wp_cache_set($k, $d, $g = '', $e = 0) { return $GLOBALS['wp_object_cache']->set($k, $d, $g ?: 'default', (int) $e); }
function wp_cache_get($k, $g = '', $f = false, &$found = null) { return $GLOBALS['wp_object_cache']->get($k, $g ?: 'default', $f, $found); }
function wp_cache_replace($k, $d, $g = '', $e = 0) { return $GLOBALS['wp_object_cache']->replace($k, $d, $g ?: 'default', (int) $e); }
function wp_cache_delete($k, $g = '') { return $GLOBALS['wp_object_cache']->delete($k, $g ?: 'default'); }
function wp_cache_flush() { return $GLOBALS['keys']->flushdb(); }
function wp_cache_add_global_groups($groups) { $GLOBALS['wp_object_cache']->add_global_groups($groups); }
function wp_cache_add_non_persistent_groups($groups) {}
function wp_cache_switch_to_blog($id) {}
function wp_cache_close() { return true; }
)php");
  }
  void configure(const std::string& setting) { site_->write_config(setting + site_->usual_settings()); }
  static CacheOutcome flush(bool own_server = false) {
    WordPressRun request = run();
    request.limits.isolated = false;
    return flush_object_cache(request, own_server, kNever);
  }
  [[nodiscard]] std::string keys() const { return test::text_of_file(keys_); }

  std::filesystem::path keys_;
};

TEST_F(ObjectCacheFlush, Prefix_ItsKeysAloneAreDeleted) {
  plant_cache();
  configure("define('WP_CACHE_KEY_SALT', 'a:');\n");
  const CacheOutcome outcome = flush();
  EXPECT_TRUE(outcome.flushed);
  EXPECT_EQ(outcome.text, "object cache: 2 keys with the prefix a: deleted");
  EXPECT_EQ(keys(), "deleted\ndeleted\nab:wp_:options:all\na*:x\nb:wp_:options:all\n");
}

TEST_F(ObjectCacheFlush, WildcardsInThePrefix_AreNone) {
  plant_cache();
  configure("define('WP_REDIS_PREFIX', 'a*:');\n");
  EXPECT_EQ(flush().text, "object cache: 1 keys with the prefix a*: deleted");
}

TEST_F(ObjectCacheFlush, PrefixThatMayBeginOthers_IsLeftAlone) {
  plant_cache();
  configure("define('WP_REDIS_PREFIX', 'a');\n");
  EXPECT_FALSE(flush().flushed);
  EXPECT_EQ(keys(), kKeys);
}

TEST_F(ObjectCacheFlush, NoPrefix_IsLeftAloneUnlessNobodySharesIt) {
  plant_cache();
  const CacheOutcome outcome = flush();
  EXPECT_FALSE(outcome.flushed);
  EXPECT_NE(outcome.text.find("other sites may share it"), std::string::npos) << outcome.text;
  EXPECT_EQ(keys(), kKeys);
  EXPECT_EQ(flush(true).text, "object cache: flushed");
  EXPECT_EQ(keys(), "\n");
}

TEST_F(ObjectCacheFlush, NoObjectCache_IsFine) {
  const CacheOutcome outcome = flush();
  EXPECT_TRUE(outcome.flushed);
  EXPECT_EQ(outcome.text, "object cache: the site has none");
}

TEST_F(ObjectCacheFlush, BrokenSite_IsTold) {
  plant_plugin("exit;");
  const CacheOutcome outcome = flush();
  EXPECT_FALSE(outcome.flushed);
  EXPECT_NE(outcome.text.find("object cache: not flushed: WordPress does not start"), std::string::npos);
}

}  // namespace
}  // namespace wobackup
