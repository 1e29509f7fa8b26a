wobackup_layer(inspect PATH inspect
  SOURCES
    archive_entry.cc
    dump_entry.cc
    dump_member.cc
    find_versions.cc
    list_entries.cc
    sql_parts.cc
  DEPENDS base config container crypto database site snapshot source_files store_archive)
