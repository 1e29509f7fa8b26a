wobackup_layer(recovery PATH recovery
  SOURCES
    archived_dump.cc
    config_login.cc
    database_in_place.cc
    files_in_place.cc
    drill.cc
    finish_restore.cc
    in_place_plan.cc
    journaled_restore.cc
    maintenance_window.cc
    restore_in_place.cc
    scratch.cc
    site_check.cc
    way_back.cc
  DEPENDS base config container crypto database in_place inspect site snapshot store_archive target_database target_files
    target_swap wordpress)
