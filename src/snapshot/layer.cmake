wobackup_layer(snapshot PATH snapshot
  SOURCES
    archive_ledger.cc
    archive_trust.cc
    backup_target.cc
    create.cc
    create_in_stores.cc
    distribution.cc
    encryption.cc
    fan_out.cc
    remembered_archives.cc
    database_capture.cc
    file_capture.cc
    folder_destination.cc
    progress.cc
    restore.cc
    restore_foreign.cc
    restore_totals.cc
    run_monitor.cc
    selection.cc
    snapshot_types.cc
    state_folder.cc
    verify.cc
    verify_ledger.cc
    verify_types.cc
    vhost_metadata.cc
    write_snapshot.cc
  DEPENDS base age crypto container config site source_files source_database database target_files store_archive)
