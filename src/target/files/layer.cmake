wobackup_layer(target_files PATH target/files
  SOURCES
    extended_attributes.cc
    folder_writer.cc
    owner_ids.cc
    placed_file.cc
    target_folder.cc
  DEPENDS base container
  LINK PkgConfig::acl)
