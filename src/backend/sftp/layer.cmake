wobackup_layer(backend_sftp PATH backend/sftp
  SOURCES
    host_key.cc
    sftp_backend.cc
    sftp_client.cc
    sftp_object.cc
    sftp_packet.cc
    sftp_pool.cc
    sftp_upload.cc
    ssh_login.cc
    ssh_session.cc
    ssh_wait.cc
  DEPENDS base backend
  LINK PkgConfig::libssh)
