// A passphrase, by scrypt.
#pragma once

#include "age/recipient.h"

namespace wobackup {

/// The work factor of new files, as logarithm: about a second and 256 MiB.
constexpr unsigned kScryptLogN = 18;
/// More is refused: 4 GiB.
constexpr unsigned kMostScryptLogN = 22;

/// Both sides of a passphrase. Its stanza must be the only one of a file: whoever knows another way to the file key
/// could otherwise write a file that seems to come from somebody who knows the passphrase.
class ScryptPassphrase final : public Recipient, public Identity {
 public:
  explicit ScryptPassphrase(Secret passphrase, unsigned log_n = kScryptLogN);
  [[nodiscard]] AgeStanza wrap(const FileKey& key) const override;
  [[nodiscard]] std::optional<FileKey> unwrap(const std::vector<AgeStanza>& stanzas) const override;

 private:
  Secret passphrase_;
  unsigned log_n_;
};

}  // namespace wobackup
