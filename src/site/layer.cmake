wobackup_layer(site PATH site
  SOURCES
    catalog.cc
    database_host.cc
    database_login.cc
    php_strings.cc
    php_tokens.cc
    registry.cc
    registry_file.cc
    shared_database.cc
    site.cc
    site_config.cc
    site_folder.cc
    site_record.cc
    sqlite_site.cc
    wp_config.cc
  DEPENDS base config
  LINK SQLite::SQLite3)
