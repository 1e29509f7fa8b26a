wobackup_layer(age PATH age
  SOURCES
    age_base64.cc
    age_header.cc
    age_random_access.cc
    age_structure.cc
    age_writer.cc
    bech32.cc
    file_key.cc
    identity_file.cc
    keys.cc
    payload.cc
    recipient_list.cc
    scrypt_passphrase.cc
    unlock.cc
    x25519_key.cc
  DEPENDS base crypto)
