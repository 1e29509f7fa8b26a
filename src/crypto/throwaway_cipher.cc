#include "crypto/throwaway_cipher.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "crypto/key_derivation.h"
#include "crypto/openssl_check.h"

namespace wobackup {
namespace {
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30U;  // OpenSSL counts in int
}  // namespace

ThrowawayCipher::ThrowawayCipher() { renew(); }

void ThrowawayCipher::renew() {
  key_ = Secret(kKeyBytes);
  fill_with_random(key_.bytes());
}

void ThrowawayCipher::apply(std::uint64_t offset, MutableByteSpan bytes) const {
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(::EVP_CIPHER_CTX_new(),
                                                                           ::EVP_CIPHER_CTX_free);
  // The counter of blocks, 64 bits, and a nonce of zeros: the key is for one file only.
  std::array<unsigned char, 16> iv{};
  const std::uint64_t block = offset / kBlockBytes;
  for (std::size_t i = 0; i < sizeof block; ++i) iv.at(i) = static_cast<unsigned char>((block >> (8 * i)) & 0xffU);
  require_openssl(context != nullptr &&
                      ::EVP_EncryptInit_ex(context.get(), ::EVP_chacha20(), nullptr,
                                           reinterpret_cast<const unsigned char*>(key_.bytes().data()), iv.data()) == 1,
                  "ChaCha20 is missing");
  int size = 0;
  std::array<unsigned char, kBlockBytes> skipped{};
  const auto skip = static_cast<int>(offset % kBlockBytes);
  require_openssl(::EVP_EncryptUpdate(context.get(), skipped.data(), &size, skipped.data(), skip) == 1, "ChaCha20");
  while (!bytes.empty()) {
    const std::size_t piece = std::min(bytes.size(), kMostAtOnce);
    auto* const raw = reinterpret_cast<unsigned char*>(bytes.data());
    require_openssl(::EVP_EncryptUpdate(context.get(), raw, &size, raw, static_cast<int>(piece)) == 1, "ChaCha20");
    bytes = bytes.subspan(piece);
  }
}

}  // namespace wobackup
