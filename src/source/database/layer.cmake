wobackup_layer(source_database PATH source/database
  SOURCES
    connection.cc
    dump_login.cc
    dump_program.cc
    dump_sections.cc
    inventory.cc
    my_cnf.cc
    mysql_dump.cc
    sql_scanner.cc
    sql_scanner_head.cc
    sqlite_copy.cc
    sqlite_copy_identity.cc
    sqlite_copy_target.cc
    table_locks.cc
  DEPENDS base crypto container config site
  LINK PkgConfig::mariadb SQLite::SQLite3)
