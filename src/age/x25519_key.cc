#include "age/x25519_key.h"

#include <algorithm>
#include <utility>

#include "age/age_base64.h"
#include "age/age_header.h"
#include "age/bech32.h"
#include "age/file_key.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::string_view kType = "X25519";
constexpr std::string_view kWrapInfo = "age-encryption.org/v1/X25519";
constexpr std::string_view kPublicPrefix = "age";
constexpr std::string_view kSecretPrefix = "age-secret-key-";
constexpr std::size_t kKeyBytes = 32;

X25519Point point_of(ByteSpan bytes) {
  X25519Point point{};
  std::copy(bytes.begin(), bytes.end(), point.begin());
  return point;
}

Secret wrap_key(const Secret& shared, const X25519Point& share, const X25519Point& recipient) {
  ByteVector salt(share.begin(), share.end());
  salt.insert(salt.end(), recipient.begin(), recipient.end());
  return hkdf_sha256(shared.bytes(), salt, kWrapInfo, kKeyBytes);
}

bool is_upper(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

std::optional<X25519Point> X25519Recipient::parse(std::string_view text) {
  const std::optional<Bech32> decoded = from_bech32(text);
  if (!decoded || decoded->prefix != kPublicPrefix || decoded->data.size() != kKeyBytes || !text.starts_with("age1")) {
    return std::nullopt;
  }
  return point_of(decoded->data.bytes());
}

AgeStanza X25519Recipient::wrap(const FileKey& key) const {
  Secret ephemeral(kKeyBytes);
  fill_with_random(ephemeral.bytes());
  const X25519Point share = x25519_public(ephemeral.bytes());
  const std::optional<Secret> shared = x25519_shared(ephemeral.bytes(), point_);
  if (!shared)
    throw Error(ErrorKind::usage, "a recipient is no usable X25519 key", "make one with `wobackup key generate`");
  return {std::string(kType), {age_base64(share)}, seal_file_key(key, wrap_key(*shared, share, point_))};
}

X25519Identity::X25519Identity(Secret secret) : secret_(std::move(secret)), point_(x25519_public(secret_.bytes())) {}

X25519Identity X25519Identity::generate() {
  Secret secret(kKeyBytes);
  fill_with_random(secret.bytes());
  return X25519Identity(std::move(secret));
}

std::optional<Secret> X25519Identity::parse(std::string_view text) {
  std::optional<Bech32> decoded = from_bech32(text);
  if (!decoded || decoded->prefix != kSecretPrefix || decoded->data.size() != kKeyBytes || !is_upper(text)) {
    return std::nullopt;
  }
  return std::move(decoded->data);
}

std::optional<FileKey> X25519Identity::unwrap(const std::vector<AgeStanza>& stanzas) const {
  for (const AgeStanza& stanza : stanzas) {
    if (stanza.type != kType) continue;
    const std::optional<ByteVector> share =
        stanza.arguments.size() == 1 ? from_age_base64(stanza.arguments.front()) : std::nullopt;
    if (!share || share->size() != kKeyBytes) age_header_wrong("an X25519 stanza has no share of 32 bytes");
    const X25519Point point = point_of(*share);
    const std::optional<Secret> shared = x25519_shared(secret_.bytes(), point);
    if (!shared) age_header_wrong("an X25519 share is of low order");
    if (std::optional<FileKey> key = open_file_key(stanza.body, wrap_key(*shared, point, point_))) return key;
  }
  return std::nullopt;
}

std::string X25519Identity::recipient() const { return std::string(bech32(kPublicPrefix, point_).text()); }

Secret X25519Identity::text() const {
  Secret text = bech32(kSecretPrefix, secret_.bytes());
  for (std::byte& byte : text.bytes()) {
    const char c = static_cast<char>(byte);
    if (c >= 'a' && c <= 'z') byte = static_cast<std::byte>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace wobackup
