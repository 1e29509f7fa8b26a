wobackup_layer(source_database PATH source/database
  SOURCES
    dump_sections.cc
    sql_scanner.cc
  DEPENDS base crypto container config site
  LINK PkgConfig::mariadb SQLite::SQLite3)
