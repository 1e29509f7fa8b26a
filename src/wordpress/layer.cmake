wobackup_layer(wordpress PATH wordpress
  SOURCES
    cache_flush.cc
    http_check.cc
    maintenance_mode.cc
    object_cache.cc
    page_cache.cc
    page_signs.cc
    php_run.cc
    random_token.cc
    site_user.cc
    wordpress_answer.cc
    wordpress_probe.cc
    wordpress_run.cc
    wordpress_script.cc
  DEPENDS base config curl site)
