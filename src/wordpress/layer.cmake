wobackup_layer(wordpress PATH wordpress
  SOURCES
    php_run.cc
    random_token.cc
    site_user.cc
    wordpress_answer.cc
    wordpress_probe.cc
    wordpress_run.cc
    wordpress_script.cc
  DEPENDS base config site)
