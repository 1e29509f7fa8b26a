#include "wordpress/wordpress_script.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace wobackup {
namespace {

// Everything of ours is in one class, so that no name of the site's is met. PHP 7.0 and later; WordPress 5.0 and later.
// Hooks that must be there before any plugin are put into $wp_filter before WordPress makes its own objects of them.
constexpr std::string_view kFrame = R"php(
final class Wobackup_Run {
    public static $in;
    public static $redirect = '';
    private static $out;
    private static $told = false;

    public static function start(array $in) {
        self::$in = $in;
        self::$out = fopen('php://stdout', 'w');  // neither output buffers nor fclose(STDOUT) reach this one
        register_shutdown_function(array(__CLASS__, 'ended'));
        unset($GLOBALS['argv'], $GLOBALS['argc'], $_SERVER['argv'], $_SERVER['argc']);
        $_SERVER['HTTP_HOST'] = $_SERVER['SERVER_NAME'] = $in['host'];
        $_SERVER['SERVER_PORT'] = $in['https'] ? '443' : '80';
        if ($in['https']) $_SERVER['HTTPS'] = 'on';
        $_SERVER += array('SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/',
            'QUERY_STRING' => '', 'REMOTE_ADDR' => '127.0.0.1', 'SERVER_ADDR' => '127.0.0.1',
            'SERVER_SOFTWARE' => 'wobackup', 'HTTP_USER_AGENT' => 'wobackup', 'DOCUMENT_ROOT' => $in['htdocs']);
        $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
        $_SERVER['SCRIPT_FILENAME'] = $in['htdocs'] . '/index.php';
        foreach (array('ABSPATH' => $in['htdocs'] . '/', 'DISABLE_WP_CRON' => true, 'WP_HTTP_BLOCK_EXTERNAL' => true,
            'AUTOMATIC_UPDATER_DISABLED' => true, 'WP_CACHE' => false, 'WP_DISABLE_FATAL_ERROR_HANDLER' => true)
            + $in['define'] as $name => $value) define($name, $value);
        self::hook('wp_die_handler', 'die_handler');
        self::hook('wp_redirect', 'redirected');
        foreach (array('enable_maintenance_mode', 'enable_loading_advanced_cache_dropin') as $name) self::hook($name, 'no');
        if (!$in['object_cache']) self::without_object_cache();
        if ($in['read_only']) self::hook('query', 'only_reading');
        if (!is_readable($in['load'])) {
            self::tell(array('failure' => 'missing', 'file' => $in['load']));
            exit(1);
        }
        // WordPress would redirect to its installer.
        $above = dirname($in['htdocs']);
        if ($in['load'] === $in['htdocs'] . '/wp-load.php' && !is_file($in['htdocs'] . '/wp-config.php')
            && (!is_file($above . '/wp-config.php') || is_file($above . '/wp-settings.php'))) {
            self::tell(array('failure' => 'no_config'));
            exit(1);
        }
    }
    private static function hook($name, $method) {
        $GLOBALS['wp_filter'][$name][PHP_INT_MAX]['wobackup'] =
            array('function' => array(__CLASS__, $method), 'accepted_args' => 1);
    }
    private static function without_object_cache() {
        self::hook('enable_loading_object_cache_dropin', 'no');
        // Before 5.8 there is no such filter, but the drop-in stays away if there is a cache already.
        $wp_version = '';
        @include ABSPATH . 'wp-includes/version.php';
        if ($wp_version === '' || version_compare($wp_version, '5.8-alpha', '>=')) return;
        define('WPINC', 'wp-includes');
        require_once ABSPATH . WPINC . '/cache.php';
    }
    public static function no() { return false; }
    public static function only_reading($query) {
        return preg_match('/^[\s(]*(select|show|desc|describe|explain|set|use)\b/i', (string) $query) ? $query : 'DO 0';
    }
    public static function redirected($location) {
        self::$redirect = (string) $location;
        return $location;
    }
    public static function die_handler() { return array(__CLASS__, 'died'); }
    public static function died($message, $title = '', $args = array()) {
        if (is_object($message) && method_exists($message, 'get_error_message')) $message = $message->get_error_message();
        $text = trim(html_entity_decode(strip_tags((string) $message), ENT_QUOTES));
        $where = array('file' => '', 'line' => 0);
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS, 30) as $frame) {
            if ($frame['function'] === 'wp_die' && isset($frame['file'])) $where = $frame;
        }
        $reason = function_exists('mysqli_connect_error') ? (string) @mysqli_connect_error() : '';
        self::tell(array('failure' => 'wp_die', 'message' => $text, 'file' => $where['file'], 'line' => $where['line'],
            'reason' => $reason));
        exit(1);
    }
    public static function ended() {
        if (self::$told) return;
        $error = error_get_last();
        $fatal = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;
        if ($error !== null && ($error['type'] & $fatal)) {
            $message = explode("\nStack trace:", $error['message'])[0];
            self::tell(array('failure' => 'fatal', 'message' => $message, 'file' => $error['file'],
                'line' => $error['line']));
            return;
        }
        $files = get_included_files();
        self::tell(array('failure' => 'exit', 'file' => (string) end($files), 'redirect' => self::$redirect));
    }
    public static function run($task) {
        if (!function_exists('did_action') || !did_action('wp_loaded')) {
            self::tell(array('failure' => 'not_loaded'));
            exit(1);
        }
        self::tell(array('answer' => $task()));
    }
    public static function tell(array $what) {
        if (self::$told) return;
        self::$told = true;
        array_walk_recursive($what, function (&$value) { if (is_string($value)) $value = substr($value, 0, 8192); });
        $flags = JSON_PARTIAL_OUTPUT_ON_ERROR | (defined('JSON_INVALID_UTF8_SUBSTITUTE') ? JSON_INVALID_UTF8_SUBSTITUTE : 0);
        $line = "\n" . self::$in['token'] . json_encode($what, $flags) . self::$in['token'] . "\n";
        for ($done = 0; $done < strlen($line); $done += $written) {
            $written = fwrite(self::$out, substr($line, $done));
            if (!$written) break;
        }
    }
}
function wp_mail() { return false; }
)php";

// Any bytes as a PHP expression.
std::string php_text(std::string_view bytes) { return fmt::format("base64_decode('{}')", base64(bytes_of(bytes))); }

std::string defines_of(const std::optional<DatabaseLogin>& login) {
  if (!login) return {};
  return fmt::format("'DB_NAME' => {}, 'DB_USER' => {}, 'DB_PASSWORD' => {}, 'DB_HOST' => {}", php_text(login->name),
                     php_text(login->user), php_text(login->password), php_text(login->host.text()));
}

}  // namespace

std::string wordpress_script(const WordPressStart& start, std::string_view task, const std::string& token) {
  const std::filesystem::path load = start.wp_config.value_or(start.htdocs / "wp-load.php");
  return fmt::format(
      "<?php{}"
      "Wobackup_Run::start(array('token' => {}, 'htdocs' => {}, 'load' => {}, 'host' => {}, 'https' => {}, "
      "'object_cache' => {}, 'read_only' => {}, 'define' => array({})));\n"
      // Not inside a function: wp-config.php's variables are global.
      "require Wobackup_Run::$in['load'];\n"
      "Wobackup_Run::run(static function () {{\n{}\n}});\n",
      kFrame, php_text(token), php_text(start.htdocs.string()), php_text(load.string()), php_text(start.host),
      start.https, start.object_cache, start.read_only, defines_of(start.database), task);
}

}  // namespace wobackup
