wobackup_layer(inspect PATH inspect
  SOURCES
    archive_side.cc
    database_difference.cc
    difference.cc
    dump_entry.cc
    dump_member.cc
    entry_stream.cc
    find_versions.cc
    list_entries.cc
    live_side.cc
    public_entry.cc
    software.cc
    sql_parts.cc
  DEPENDS base config container crypto database site snapshot source_files store_archive)
