#include "crypto/x25519.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "crypto/openssl_check.h"

namespace wobackup {
namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Key secret_key(ByteSpan secret) {
  Key key(::EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr,
                                         reinterpret_cast<const unsigned char*>(secret.data()), secret.size()),
          ::EVP_PKEY_free);
  require_openssl(key != nullptr, "an X25519 key");
  return key;
}

}  // namespace

X25519Point x25519_public(ByteSpan secret) {
  const Key key = secret_key(secret);
  X25519Point point{};
  std::size_t size = point.size();
  require_openssl(
      ::EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(point.data()), &size) == 1 &&
          size == point.size(),
      "the public half of an X25519 key");
  return point;
}

std::optional<Secret> x25519_shared(ByteSpan secret, const X25519Point& point) {
  const Key own = secret_key(secret);
  const Key other(::EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr,
                                                reinterpret_cast<const unsigned char*>(point.data()), point.size()),
                  ::EVP_PKEY_free);
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(::EVP_PKEY_CTX_new(own.get(), nullptr),
                                                                       ::EVP_PKEY_CTX_free);
  require_openssl(other != nullptr && context != nullptr && ::EVP_PKEY_derive_init(context.get()) == 1 &&
                      ::EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1,
                  "an X25519 exchange");
  Secret shared(32);
  std::size_t size = shared.size();
  // OpenSSL refuses an all-zero result by itself; it is looked at once more, since a later version may not.
  if (::EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(shared.bytes().data()), &size) != 1 ||
      size != shared.size()) {
    return std::nullopt;
  }
  std::byte any{0};
  for (const std::byte byte : shared.bytes()) any |= byte;
  if (any == std::byte{0}) return std::nullopt;
  return shared;
}

}  // namespace wobackup
