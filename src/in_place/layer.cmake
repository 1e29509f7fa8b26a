wobackup_layer(in_place PATH in_place
  SOURCES
    file_swap.cc
    remove_tree.cc
    restore_journal.cc
  DEPENDS base)
