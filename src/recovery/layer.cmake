wobackup_layer(recovery PATH recovery
  SOURCES
    archive_origin.cc
    archived_config.cc
    archived_dump.cc
    archived_part.cc
    config_login.cc
    database_in_place.cc
    files_in_place.cc
    drill.cc
    finish_restore.cc
    foreign_views.cc
    in_place_login.cc
    in_place_plan.cc
    journaled_restore.cc
    leftovers.cc
    kept_paths.cc
    live_borders.cc
    live_load.cc
    live_htdocs.cc
    live_tree.cc
    maintenance_window.cc
    pending_restore.cc
    restorable.cc
    restore_in_place.cc
    room_plan.cc
    scratch.cc
    site_folder.cc
    site_check.cc
    staging_place.cc
    swap_plan.cc
    way_back.cc
  DEPENDS base config container crypto database in_place inspect site snapshot source_files store_archive target_database target_files
    target_swap wordpress)
