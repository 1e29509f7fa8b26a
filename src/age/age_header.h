// The text before an age file's payload (age-encryption.org/v1; docs/encryption.md).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "age/recipient.h"
#include "base/random_access.h"
#include "crypto/sha256.h"

namespace wobackup {

/// The longest header that is read: room for a thousand recipients.
constexpr std::size_t kLongestAgeHeader = std::size_t{256} << 10U;

struct AgeHeader {
  std::vector<AgeStanza> stanzas;
  std::string signed_text;  ///< up to and including "---": what the HMAC is of
  Sha256Digest mac{};
  std::size_t bytes = 0;  ///< where the payload begins

  /// Whether a passphrase opens it (then nothing else does).
  [[nodiscard]] bool has_passphrase() const;
};

/// Whether a file begins as every age file does, of whatever version.
[[nodiscard]] bool begins_like_age(ByteSpan beginning) noexcept;
constexpr std::size_t kAgeBeginningBytes = 32;
/// The same in the text form ("armor"), which this program does not read.
[[nodiscard]] bool begins_like_armored_age(ByteSpan beginning) noexcept;

/// Reads the header of a file, or of its first bytes. Untrusted: throws Error verification ("the age header ...") for
/// what contradicts the format, also for one that is cut off.
[[nodiscard]] AgeHeader read_age_header(const RandomAccess& file);
[[nodiscard]] AgeHeader parse_age_header(ByteSpan beginning);

/// The whole header for these stanzas, authenticated with the file's key.
[[nodiscard]] std::string age_header_text(const std::vector<AgeStanza>& stanzas, const FileKey& key);

/// Whether the header's HMAC is that of this key.
[[nodiscard]] bool has_right_mac(const AgeHeader& header, const FileKey& key);

/// Throws Error verification: the age header is malformed, why.
[[noreturn]] void age_header_wrong(const std::string& why);

}  // namespace wobackup
