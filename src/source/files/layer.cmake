wobackup_layer(source_files PATH source/files
  SOURCES
    attributes.cc
    file_content.cc
    hard_links.cc
    owner_names.cc
    path_pattern.cc
    sorted_names.cc
    tree_walker.cc
  DEPENDS base crypto container
  LINK PkgConfig::acl)
