wobackup_layer(crypto PATH crypto
  SOURCES sha256.cc
  DEPENDS base
  LINK OpenSSL::Crypto)
