wobackup_layer(container PATH container
  SOURCES
    frame_pool.cc
  DEPENDS base crypto
  LINK PkgConfig::zstd)
