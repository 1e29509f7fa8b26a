wobackup_layer(service PATH service
  SOURCES
    copy_to_stores.cc
    create_to_stores.cc
    doctor_types.cc
    examine_machine.cc
    examine_store.cc
    fetch_archive.cc
    find_stored.cc
    folder_store.cc
    installation.cc
    guard_stores.cc
    leftovers.cc
    open_store.cc
    service.cc
    store_archives.cc
    store_destination.cc
    store_pool.cc
    store_retention.cc
    stored_trust.cc
    wanted_sites.cc
  DEPENDS base config site snapshot source_database inspect recovery guard wordpress store_archive backend backend_local
    backend_s3 backend_sftp)
