wobackup_layer(crypto PATH crypto
  SOURCES aead.cc key_derivation.cc sha256.cc sha256_lanes.cc sha256_many.cc stream_hash.cc throwaway_cipher.cc x25519.cc
  DEPENDS base
  LINK OpenSSL::Crypto)
