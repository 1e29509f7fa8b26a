wobackup_layer(backend_local PATH backend/local
  SOURCES local_backend.cc local_upload.cc
  DEPENDS base backend)
