#include "crypto/sha256.h"

#include <openssl/evp.h>

#include "wobackup/error.h"

namespace wobackup {

struct Sha256::State {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  State() { restart(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
  void restart() const {
    if (algorithm == nullptr || context == nullptr || EVP_DigestInit_ex(context, algorithm, nullptr) != 1) {
      throw Error(ErrorKind::failed, "OpenSSL cannot compute SHA-256");
    }
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(ByteSpan bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) {
    throw Error(ErrorKind::failed, "OpenSSL cannot compute SHA-256");
  }
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  if (EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1) {
    throw Error(ErrorKind::failed, "OpenSSL cannot compute SHA-256");
  }
  state_->restart();
  return digest;
}

Sha256Digest sha256(ByteSpan bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace wobackup
