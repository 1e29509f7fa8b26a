wobackup_layer(store_archive PATH store/archive
  SOURCES
    archive_file.cc
    archive_list.cc
    archive_member.cc
    archive_metadata.cc
    archive_name.cc
    archive_reader.cc
    archive_writer.cc
    bundle_task.cc
    dump_spool.cc
    foreign_archive.cc
    frame_scan.cc
    large_file.cc
    libarchive_on_demand.cc
    manifest_remains.cc
    manifest_spool.cc
    member_access.cc
    member_check.cc
    member_reading.cc
    partial_archive.cc
    readable_part.cc
    salvage_reading.cc
    spanned_member.cc
    stored_bytes.cc
    stored_file.cc
    stored_member.cc
    tar_order.cc
    tar_salvage.cc
    unpacked_stream.cc
    vhost_search.cc
  DEPENDS base crypto age container
  LINK PkgConfig::zstd PkgConfig::zlib)
target_include_directories(wobackup_store_archive PUBLIC ${libarchive_INCLUDE_DIRS})
