wobackup_layer(store_archive PATH store/archive
  SOURCES
    archive_member.cc
    archive_writer.cc
    bundle_task.cc
    dump_spool.cc
    large_file.cc
    manifest_spool.cc
    partial_archive.cc
    stored_bytes.cc
  DEPENDS base crypto container
  LINK PkgConfig::zstd)
