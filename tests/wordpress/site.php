<?php
// Works on a WordPress from the command line: php site.php ABSPATH install|network|show
define('WP_INSTALLING', $argv[2] === 'install');
$_SERVER['HTTP_HOST'] = 'wp.example';
$_SERVER['SERVER_NAME'] = 'wp.example';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require $argv[1] . '/wp-load.php';
if ($argv[2] === 'install') {
    function wp_new_blog_notification() {}  // else it sends mail
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_install("Kaffee \u{2615} & Böse 'Worte'", 'admin', 'admin@wp.example', true, '', 'pass word');
    for ($i = 1; $i <= 50; $i++) {
        wp_insert_post(['post_title' => "Beitrag $i \u{1F600}", 'post_status' => 'publish',
            'post_content' => "O'Reilly \\ \"quoted\"\n-- Dump completed\n" . str_repeat("\u{1F680} text ", 200)]);
    }
    $upload = wp_upload_bits('picture.png', null, random_bytes(300000));
    if ($upload['error']) { fwrite(STDERR, $upload['error']); exit(1); }
}
if ($argv[2] === 'network') {
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    require_once ABSPATH . 'wp-admin/includes/network.php';
    foreach ($wpdb->tables('ms_global') as $table => $prefixed) { $wpdb->$table = $prefixed; }
    install_network();
    populate_network(1, 'wp.example', 'admin@wp.example', 'Network', '/', true);
}
$last = get_posts(['numberposts' => 1, 'orderby' => 'ID', 'order' => 'DESC', 'post_type' => 'post'])[0];
echo get_option('blogname'), '|', wp_count_posts()->publish, '|', md5($last->post_title . $last->post_content), "\n";
