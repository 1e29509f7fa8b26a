wobackup_layer(crypto PATH crypto
  SOURCES sha256.cc sha256_lanes.cc sha256_many.cc
  DEPENDS base
  LINK OpenSSL::Crypto)
