#include "age/file_key.h"

#include "age/age_header.h"
#include "crypto/aead.h"

namespace wobackup {
namespace {
constexpr std::size_t kPayloadKeyBytes = kAeadKeyBytes;
constexpr std::size_t kMacKeyBytes = 32;
constexpr AeadNonce kZeroNonce{};
}  // namespace

FileKey random_file_key() {
  FileKey key(kFileKeyBytes);
  fill_with_random(key.bytes());
  return key;
}

Sha256Digest header_mac(const FileKey& key, std::string_view signed_text) {
  return hmac_sha256(hkdf_sha256(key.bytes(), {}, "header", kMacKeyBytes).bytes(), bytes_of(signed_text));
}

Secret payload_key(const FileKey& key, ByteSpan payload_nonce) {
  return hkdf_sha256(key.bytes(), payload_nonce, "payload", kPayloadKeyBytes);
}

ByteVector seal_file_key(const FileKey& key, const Secret& wrap_key) {
  ByteVector body(key.size() + kAeadTagBytes);
  Aead(wrap_key.bytes()).seal(kZeroNonce, key.bytes(), body);
  return body;
}

std::optional<FileKey> open_file_key(ByteSpan body, const Secret& wrap_key) {
  // Other lengths would allow one message to be opened by several keys, and so to ask which of them somebody has.
  if (body.size() != kFileKeyBytes + kAeadTagBytes) age_header_wrong("a wrapped file key has the wrong length");
  FileKey key(kFileKeyBytes);
  if (!Aead(wrap_key.bytes()).open(kZeroNonce, body, key.bytes())) return std::nullopt;
  return key;
}

}  // namespace wobackup
