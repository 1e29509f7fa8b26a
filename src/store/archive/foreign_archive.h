// Archives that other programs made, read as a stream.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/random_access.h"

namespace wobackup {

/// Looks for vhost.json in a compressed tar: at its top or in its top folder. Stops when it is found, or, with a limit,
/// after that many bytes of plaintext. Throws Error verification for a file that is no tar, damaged, or cut off.
[[nodiscard]] std::optional<std::string> find_vhost_json(const RandomAccess& file,
                                                         std::optional<std::uint64_t> limit_bytes);

}  // namespace wobackup
