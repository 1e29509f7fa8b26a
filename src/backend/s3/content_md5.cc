#include "backend/s3/content_md5.h"

#include <openssl/evp.h>

#include <array>

namespace wobackup {

std::optional<std::string> content_md5(ByteSpan bytes) {
  std::array<std::byte, 16> digest{};
  std::size_t size = digest.size();
  if (EVP_Q_digest(nullptr, "MD5", nullptr, bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   &size) != 1 ||
      size != digest.size()) {
    return std::nullopt;
  }
  return base64(digest);
}

}  // namespace wobackup
