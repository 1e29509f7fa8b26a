// Base64 as age writes it: without padding, in the one canonical form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace wobackup {

[[nodiscard]] std::string age_base64(ByteSpan bytes);
/// Nothing for padding, other characters, or bits at the end that mean nothing but are set.
[[nodiscard]] std::optional<ByteVector> from_age_base64(std::string_view text);

}  // namespace wobackup
