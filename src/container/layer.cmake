wobackup_layer(container PATH container
  SOURCES
    ascending_paths.cc
    compressed_lines.cc
    container_reader.cc
    container_writer.cc
    entry.cc
    frame_decode.cc
    frame_pool.cc
    known_manifest.cc
    locator.cc
    manifest.cc
    manifest_entry.cc
    seek_table.cc
    sparse_map.cc
    tar_decode.cc
    tar_encode.cc
  DEPENDS base crypto
  LINK PkgConfig::zstd simdjson::simdjson)
