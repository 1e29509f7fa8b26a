wobackup_layer(snapshot PATH snapshot
  SOURCES
    archive_ledger.cc
    backup_target.cc
    create.cc
    database_capture.cc
    file_capture.cc
    progress.cc
    run_monitor.cc
    snapshot_types.cc
    state_folder.cc
    vhost_metadata.cc
  DEPENDS base crypto container config site source_files source_database store_archive)
