// From an encrypted file and what the admin has, to the file's key.
#pragma once

#include <memory>

#include "age/age_header.h"
#include "age/age_writer.h"
#include "age/scrypt_passphrase.h"
#include "wobackup/keys.h"

namespace wobackup {

/// Whether there is anything to try on such a header: an identity, or a passphrase for one that wants it.
[[nodiscard]] bool can_try(const Keys& keys, const AgeHeader& header);

/// The file's key. Throws wrong_key, saying what is missing or that nothing fits, and verification for a malformed
/// header; both name the file. The result is remembered: a passphrase takes a second each time.
[[nodiscard]] FileKey unlock(const Keys& keys, const AgeHeader& header, const std::string& name);

/// Throws wrong_key unless the keys open what is encrypted to these recipients, which are as passphrase_to_encrypt or
/// the admin's settings give them. `name` is what messages call it.
void require_openable(const Keys& keys, const Recipients& recipients, const std::string& name);

/// The passphrase of these sources, for encrypting. Asked for twice if a person is asked. Throws usage without one.
[[nodiscard]] std::unique_ptr<const ScryptPassphrase> passphrase_to_encrypt(const Keys& keys);

}  // namespace wobackup
