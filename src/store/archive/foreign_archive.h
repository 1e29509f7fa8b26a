// Archives that other programs made, read as a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random_access.h"

namespace wobackup {

/// Looks for vhost.json in a compressed tar: at its top or in its top folder. Stops when it is found, or, with a limit,
/// before it would have to decompress more than that. Throws Error verification for a file that is no tar, damaged, or
/// cut off, as far as it was read; a tar that is read through must have its end and a vhost.json.
[[nodiscard]] std::optional<std::string> find_vhost_json(const RandomAccess& file,
                                                         std::optional<std::uint64_t> limit_bytes);

}  // namespace wobackup
