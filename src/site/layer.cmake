wobackup_layer(site PATH site
  SOURCES
    catalog.cc
    database_host.cc
    database_login.cc
    php_tokens.cc
    registry.cc
    site.cc
    site_record.cc
    wp_config.cc
  DEPENDS base config
  LINK SQLite::SQLite3)
