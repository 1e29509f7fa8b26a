wobackup_layer(service PATH service
  SOURCES service.cc
  DEPENDS base config site snapshot inspect recovery guard store_archive)
