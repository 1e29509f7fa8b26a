// Whom a file is encrypted to, and who can open it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wobackup/secret.h"

namespace wobackup {

/// 16 random bytes, one for each file, from which all its other keys come.
using FileKey = Secret;
constexpr std::size_t kFileKeyBytes = 16;

/// One way to the file key in a header: "-> type arguments", and the wrapped key.
struct AgeStanza {
  std::string type;
  std::vector<std::string> arguments;
  ByteVector body;
};

/// The public side of one construction. From any thread.
class Recipient {
 public:
  Recipient() = default;
  Recipient(const Recipient&) = delete;
  Recipient& operator=(const Recipient&) = delete;
  virtual ~Recipient() = default;
  /// Wraps a file's key so that only the identity can unwrap it.
  [[nodiscard]] virtual AgeStanza wrap(const FileKey& key) const = 0;
};

/// The secret side. From any thread.
class Identity {
 public:
  Identity() = default;
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  virtual ~Identity() = default;
  /// The file key; nothing if none of the stanzas is for this identity. Unknown kinds are passed over. Throws Error
  /// verification for a stanza of its kind that contradicts the format.
  [[nodiscard]] virtual std::optional<FileKey> unwrap(const std::vector<AgeStanza>& stanzas) const = 0;
};

}  // namespace wobackup
