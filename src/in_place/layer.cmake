wobackup_layer(in_place PATH in_place
  SOURCES
    file_exchange.cc
    file_swap.cc
    folder_attributes.cc
    mount_points.cc
    remove_tree.cc
    restore_journal.cc
  DEPENDS base)
