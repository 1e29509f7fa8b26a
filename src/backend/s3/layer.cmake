wobackup_layer(backend_s3 PATH backend/s3
  SOURCES
    content_md5.cc
    http_client.cc
    part_plan.cc
    s3_answer.cc
    s3_backend.cc
    s3_client.cc
    s3_credentials.cc
    s3_failure.cc
    s3_object.cc
    s3_settings.cc
    s3_unfinished.cc
    s3_upload.cc
    s3_versions.cc
    signature.cc
  DEPENDS base curl crypto backend
  LINK PkgConfig::pugixml OpenSSL::Crypto)
