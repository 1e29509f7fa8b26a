// The Content-MD5 header.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace wobackup {

/// MD5 in base64, by which a server notices bytes that changed on the way. Nothing where OpenSSL's policy (FIPS) has no
/// MD5: the payload's SHA-256 is in every request anyway.
[[nodiscard]] std::optional<std::string> content_md5(ByteSpan bytes);

}  // namespace wobackup
