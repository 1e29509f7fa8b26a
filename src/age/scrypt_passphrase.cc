#include "age/scrypt_passphrase.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "age/age_base64.h"
#include "age/age_header.h"
#include "age/file_key.h"

namespace wobackup {
namespace {

constexpr std::string_view kType = "scrypt";
constexpr std::string_view kSaltPrefix = "age-encryption.org/v1/scrypt";
constexpr std::size_t kSaltBytes = 16;

Secret wrap_key(const Secret& passphrase, ByteSpan salt, unsigned log_n) {
  const ByteSpan prefix = bytes_of(kSaltPrefix);
  ByteVector whole(prefix.begin(), prefix.end());
  whole.insert(whole.end(), salt.begin(), salt.end());
  return scrypt(passphrase.bytes(), whole, log_n);
}

// A decimal number without sign and leading zeros.
unsigned work_factor(std::string_view text) {
  unsigned log_n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), log_n);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '0') {
    age_header_wrong("a scrypt stanza's work factor is no number");
  }
  if (log_n > kMostScryptLogN) {
    age_header_wrong(fmt::format("its scrypt work factor is {}, and more than {} is refused", log_n, kMostScryptLogN));
  }
  return log_n;
}

}  // namespace

ScryptPassphrase::ScryptPassphrase(Secret passphrase, unsigned log_n)
    : passphrase_(std::move(passphrase)), log_n_(log_n) {}

AgeStanza ScryptPassphrase::wrap(const FileKey& key) const {
  ByteVector salt(kSaltBytes);
  fill_with_random(salt);
  return {std::string(kType),
          {age_base64(salt), std::to_string(log_n_)},
          seal_file_key(key, wrap_key(passphrase_, salt, log_n_))};
}

std::optional<FileKey> ScryptPassphrase::unwrap(const std::vector<AgeStanza>& stanzas) const {
  for (const AgeStanza& stanza : stanzas) {
    if (stanza.type != kType) continue;
    if (stanzas.size() != 1) age_header_wrong("a passphrase's stanza is not the only one");
    const std::optional<ByteVector> salt =
        stanza.arguments.size() == 2 ? from_age_base64(stanza.arguments.front()) : std::nullopt;
    if (!salt || salt->size() != kSaltBytes) age_header_wrong("a scrypt stanza has no salt of 16 bytes");
    const unsigned log_n = work_factor(stanza.arguments.back());
    if (stanza.body.size() != kFileKeyBytes + 16) age_header_wrong("a wrapped file key has the wrong length");
    return open_file_key(stanza.body, wrap_key(passphrase_, *salt, log_n));
  }
  return std::nullopt;
}

}  // namespace wobackup
