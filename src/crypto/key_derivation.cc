#include "crypto/key_derivation.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "base/text.h"
#include "crypto/openssl_check.h"

namespace wobackup {
namespace {

using Kdf = std::unique_ptr<EVP_KDF_CTX, void (*)(EVP_KDF_CTX*)>;

Kdf make_kdf(const char* name) {
  const std::unique_ptr<EVP_KDF, void (*)(EVP_KDF*)> method(::EVP_KDF_fetch(nullptr, name, nullptr), ::EVP_KDF_free);
  require_openssl(method != nullptr, "a key derivation is missing");
  Kdf kdf(::EVP_KDF_CTX_new(method.get()), ::EVP_KDF_CTX_free);
  require_openssl(kdf != nullptr, "no memory for a key derivation");
  return kdf;
}

// OpenSSL takes parameters by pointers that are not const; it only reads them.
OSSL_PARAM octets(const char* name, ByteSpan bytes) {
  static unsigned char nothing = 0;
  void* const data = bytes.empty() ? static_cast<void*>(&nothing) : const_cast<std::byte*>(bytes.data());
  return ::OSSL_PARAM_construct_octet_string(name, data, bytes.size());
}

}  // namespace

Secret hkdf_sha256(ByteSpan key, ByteSpan salt, std::string_view info, std::size_t size_bytes) {
  const Kdf kdf = make_kdf("HKDF");
  std::string digest = "SHA256";
  std::array<OSSL_PARAM, 5> parameters{::OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                       octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
                                       octets(OSSL_KDF_PARAM_INFO, bytes_of(info)), ::OSSL_PARAM_construct_end()};
  Secret derived(size_bytes);
  require_openssl(::EVP_KDF_derive(kdf.get(), reinterpret_cast<unsigned char*>(derived.bytes().data()), size_bytes,
                                   parameters.data()) == 1,
                  "HKDF");
  return derived;
}

Secret scrypt(ByteSpan passphrase, ByteSpan salt, unsigned log_n) {
  constexpr std::uint64_t kSpareBytes = std::uint64_t{2} << 20U;
  const std::uint64_t needed = (std::uint64_t{1024} << log_n) + kSpareBytes;
  const auto machine =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (needed > machine) {
    throw Error(ErrorKind::failed,
                fmt::format("the passphrase's work factor {} takes {} of memory, and this machine has {}", log_n,
                            human_size(needed), human_size(machine)),
                "open it on a larger machine");
  }
  const Kdf kdf = make_kdf("SCRYPT");
  std::uint64_t n = std::uint64_t{1} << log_n, limit = needed;
  std::uint32_t r = 8, p = 1;
  std::array<OSSL_PARAM, 7> parameters{octets(OSSL_KDF_PARAM_PASSWORD, passphrase),
                                       octets(OSSL_KDF_PARAM_SALT, salt),
                                       ::OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
                                       ::OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
                                       ::OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
                                       ::OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &limit),
                                       ::OSSL_PARAM_construct_end()};
  Secret derived(32);
  require_openssl(::EVP_KDF_derive(kdf.get(), reinterpret_cast<unsigned char*>(derived.bytes().data()), derived.size(),
                                   parameters.data()) == 1,
                  "scrypt (is there memory enough?)");
  return derived;
}

Sha256Digest hmac_sha256(ByteSpan key, ByteSpan message) {
  Sha256Digest sum{};
  unsigned size = 0;
  require_openssl(::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
                         reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                         reinterpret_cast<unsigned char*>(sum.data()), &size) != nullptr &&
                      size == sum.size(),
                  "HMAC");
  return sum;
}

bool same_bytes(ByteSpan a, ByteSpan b) noexcept {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void fill_with_random(MutableByteSpan bytes) {
  require_openssl(
      ::RAND_priv_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) == 1,
      "no random numbers");
}

}  // namespace wobackup
