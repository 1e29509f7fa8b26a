wobackup_layer(inspect PATH inspect
  SOURCES
    archive_side.cc
    database_difference.cc
    database_parts.cc
    definition_tokens.cc
    difference.cc
    dump_entry.cc
    dump_member.cc
    dumped_parts.cc
    entry_stream.cc
    find_versions.cc
    list_entries.cc
    live_database.cc
    live_parts.cc
    live_side.cc
    public_entry.cc
    software.cc
    sql_parts.cc
    temporary_file.cc
  DEPENDS base config container crypto database site snapshot source_database source_files store_archive)
