#include "wordpress/wordpress_probe.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wordpress/wordpress_answer.h"

namespace wobackup {
namespace {

// Constants and globals that plugins like to change (the version) are read from the files again.
constexpr std::string_view kFacts = R"php(
    global $wpdb;
    $wp_version = $wp_db_version = '';
    include ABSPATH . 'wp-includes/version.php';
    $notices = $missing = array();
    $wpdb->suppress_errors(true);
    $database = (string) $wpdb->get_var('SELECT DATABASE()');
    $post = $wpdb->get_row("SELECT ID, post_title, post_date_gmt FROM {$wpdb->posts} WHERE post_type = 'post'"
        . " AND post_status = 'publish' ORDER BY post_date_gmt DESC, ID DESC LIMIT 1");
    if ($wpdb->last_error !== '') $notices[] = 'the table of posts cannot be read: ' . $wpdb->last_error;
    $filled = array();
    $tables = array($wpdb->users, $wpdb->usermeta, $wpdb->posts, $wpdb->postmeta, $wpdb->options, $wpdb->terms,
        $wpdb->term_taxonomy);
    foreach (array('wc_orders', 'woocommerce_order_items', 'edd_orders', 'gf_entry') as $table) $tables[] = $wpdb->prefix . $table;
    foreach ($tables as $table) {
        if ($wpdb->get_var("SELECT 1 FROM `$table` LIMIT 1")) $filled[] = $table;
    }
    $plugins = array_values(array_filter((array) get_option('active_plugins', array()), 'is_string'));
    if (is_multisite()) $plugins = array_merge($plugins, array_keys((array) get_site_option('active_sitewide_plugins')));
    foreach ($plugins as $plugin) {
        if (!is_file(WP_PLUGIN_DIR . '/' . $plugin)) $missing[] = 'the files of this active plugin are missing: ' . $plugin;
    }
    if (!wp_get_theme()->exists()) $missing[] = 'the files of the theme are missing: ' . get_stylesheet();
    $content = (string) realpath(WP_CONTENT_DIR);
    $site = dirname((string) realpath(ABSPATH)) . '/';
    if (strncmp($content . '/', $site, strlen($site)) !== 0) {
        $notices[] = 'wp-config.php has wp-content outside of the site\'s folder: ' . $content;
    }
    return array('version' => (string) $wp_version, 'db_version' => (string) get_option('db_version'),
        'db_version_expected' => (string) $wp_db_version, 'siteurl' => (string) get_option('siteurl'),
        'home' => (string) get_option('home'), 'title' => (string) get_option('blogname'), 'database' => $database,
        'post' => $post ? array('id' => (string) $post->ID, 'title' => $post->post_title,
            'date' => $post->post_date_gmt) : null,
        'plugins' => array_slice($plugins, 0, 500), 'theme' => (string) get_stylesheet(),
        'multisite' => is_multisite() ? '1' : '0', 'php' => PHP_VERSION, 'missing' => array_slice($missing, 0, 100),
        'filled' => $filled,        'notices' => array_slice($notices, 0, 100));
)php";

void check_database(const WordPressRun& run, const Json& answer) {
  if (!run.start.database) return;
  const std::string used = answer_text(answer, "database");
  if (used == printable(run.start.database->name)) return;
  throw Error(ErrorKind::verification,
              fmt::format("WordPress uses the database {} instead of {}", used.empty() ? "(none)" : used,
                          run.start.database->name),
              "a db.php drop-in in wp-content may connect by itself");
}

}  // namespace

WordPressFacts probe_wordpress(const WordPressRun& run, const Cancellation& cancellation) {
  const WordPressAnswer result = run_wordpress(run, kFacts, cancellation);
  const Json& answer = result.answer;
  check_database(run, answer);
  WordPressFacts facts;
  facts.version = answer_text(answer, "version");
  facts.db_version = answer_text(answer, "db_version");
  facts.db_version_expected = answer_text(answer, "db_version_expected");
  facts.siteurl = answer_text(answer, "siteurl");
  facts.home = answer_text(answer, "home");
  facts.title = answer_text(answer, "title");
  if (const auto post = answer.find("post"); post != answer.end() && post->is_object()) {
    facts.latest_post = {answer_text(*post, "id"), answer_text(*post, "title"), answer_text(*post, "date")};
  }
  facts.active_plugins = answer_texts(answer, "plugins");
  facts.theme = answer_text(answer, "theme");
  facts.multisite = answer_text(answer, "multisite") == "1";
  facts.php_version = answer_text(answer, "php");
  facts.missing_parts = answer_texts(answer, "missing");
  facts.filled_tables = answer_texts(answer, "filled");
  facts.notices = facts.missing_parts;
  for (std::string& notice : answer_texts(answer, "notices")) facts.notices.push_back(std::move(notice));
  if (!run.php.remark.empty()) facts.notices.push_back(run.php.remark);
  if (result.printed_bytes > 0) {
    facts.notices.push_back(
        fmt::format("the site's code printed {} while WordPress was loading", human_size(result.printed_bytes)));
  }
  return facts;
}

}  // namespace wobackup
