wobackup_layer(database PATH database
  SOURCES
    connection.cc
    dump_sections.cc
    inventory.cc
    my_cnf.cc
    sequence_names.cc
    single_value.cc
    site_login.cc
    sql_cursor.cc
    sql_scanner.cc
    sql_scanner_head.cc
    view_tables.cc
  DEPENDS base crypto container site
  LINK PkgConfig::mariadb)
