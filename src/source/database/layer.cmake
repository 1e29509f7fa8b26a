wobackup_layer(source_database PATH source/database
  SOURCES
    dump_privileges.cc
    dump_program.cc
    event_states.cc
    mysql_dump.cc
    sqlite_copy.cc
    sqlite_copy_identity.cc
    sqlite_copy_target.cc
    table_locks.cc
  DEPENDS base crypto container config site database
  LINK PkgConfig::mariadb SQLite::SQLite3)
