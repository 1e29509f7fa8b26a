wobackup_layer(crypto PATH crypto
  SOURCES sha256.cc sha256_lanes.cc sha256_many.cc stream_hash.cc
  DEPENDS base
  LINK OpenSSL::Crypto)
