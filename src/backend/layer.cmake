wobackup_layer(backend PATH backend
  SOURCES
    folder_walk.cc
    object_key.cc
    ordered_reading.cc
    partial_name.cc
    pause.cc
    rate_limited_backend.cc
    read_ahead.cc
    retry.cc
    retrying_backend.cc
    store_rules.cc
    store_url.cc
    upload_journal.cc
  DEPENDS base)
