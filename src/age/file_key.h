// The keys that come from a file's key.
#pragma once

#include <string_view>

#include "age/recipient.h"
#include "crypto/key_derivation.h"

namespace wobackup {

[[nodiscard]] FileKey random_file_key();
[[nodiscard]] Sha256Digest header_mac(const FileKey& key, std::string_view signed_text);
[[nodiscard]] Secret payload_key(const FileKey& key, ByteSpan payload_nonce);

/// A file key sealed with another key, which is used for nothing else.
[[nodiscard]] ByteVector seal_file_key(const FileKey& key, const Secret& wrap_key);
/// Nothing if it was sealed with another key. Throws Error verification for a body of another length.
[[nodiscard]] std::optional<FileKey> open_file_key(ByteSpan body, const Secret& wrap_key);

}  // namespace wobackup
