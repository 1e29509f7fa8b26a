wobackup_layer(snapshot PATH snapshot
  SOURCES
    archive_ledger.cc
    archive_trust.cc
    backup_target.cc
    create.cc
    encryption.cc
    remembered_archives.cc
    database_capture.cc
    file_capture.cc
    progress.cc
    restore.cc
    restore_foreign.cc
    run_monitor.cc
    selection.cc
    snapshot_types.cc
    state_folder.cc
    verify.cc
    verify_ledger.cc
    verify_types.cc
    vhost_metadata.cc
  DEPENDS base age crypto container config site source_files source_database database target_files store_archive)
