#include "crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/openssl_check.h"

namespace wobackup {
namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

Context make_context() {
  Context context(::EVP_CIPHER_CTX_new(), ::EVP_CIPHER_CTX_free);
  require_openssl(context != nullptr, "no memory for a cipher");
  return context;
}

const unsigned char* raw(ByteSpan bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* raw(MutableByteSpan bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

struct Aead::Contexts {
  Context sealing = make_context();
  Context opening = make_context();
};

Aead::Aead(ByteSpan key) : contexts_(std::make_unique<Contexts>()) {
  require_openssl(key.size() == kAeadKeyBytes, "a key of the wrong length");
  const EVP_CIPHER* cipher = ::EVP_chacha20_poly1305();
  require_openssl(::EVP_EncryptInit_ex(contexts_->sealing.get(), cipher, nullptr, raw(key), nullptr) == 1 &&
                      ::EVP_DecryptInit_ex(contexts_->opening.get(), cipher, nullptr, raw(key), nullptr) == 1,
                  "ChaCha20-Poly1305 is missing");
}

Aead::~Aead() = default;

void Aead::seal(const AeadNonce& nonce, ByteSpan plain, MutableByteSpan sealed) {
  EVP_CIPHER_CTX* context = contexts_->sealing.get();
  int size = 0, end = 0;
  unsigned char nothing = 0;
  const bool done = sealed.size() == plain.size() + kAeadTagBytes &&
                    ::EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, raw(ByteSpan(nonce))) == 1 &&
                    (plain.empty() || ::EVP_EncryptUpdate(context, raw(sealed), &size, raw(plain),
                                                          static_cast<int>(plain.size())) == 1) &&
                    ::EVP_EncryptFinal_ex(context, &nothing, &end) == 1 &&
                    ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagBytes),
                                          raw(sealed.subspan(plain.size()))) == 1;
  require_openssl(done && static_cast<std::size_t>(size) == plain.size(), "sealing");
}

bool Aead::open(const AeadNonce& nonce, ByteSpan sealed, MutableByteSpan plain) {
  if (sealed.size() != plain.size() + kAeadTagBytes) return false;
  EVP_CIPHER_CTX* context = contexts_->opening.get();
  std::array<unsigned char, kAeadTagBytes> tag{};
  std::memcpy(tag.data(), sealed.data() + plain.size(), tag.size());
  require_openssl(
      ::EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, raw(ByteSpan(nonce))) == 1 &&
          ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) == 1,
      "opening");
  int size = 0, end = 0;
  unsigned char nothing = 0;
  const bool opened = (plain.empty() || ::EVP_DecryptUpdate(context, raw(plain), &size, raw(sealed),
                                                            static_cast<int>(plain.size())) == 1) &&
                      ::EVP_DecryptFinal_ex(context, &nothing, &end) == 1;
  if (!opened) ::OPENSSL_cleanse(plain.data(), plain.size());
  return opened;
}

}  // namespace wobackup
