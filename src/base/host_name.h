// Names of sites.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wobackup {

/// The name in lower case if it is a host name: labels of letters, digits, '-' and '_' (not at a label's ends, but for
/// '_' in front), each of 1 to 63 bytes, 253 in all. Letters beyond ASCII come as punycode, as nginx needs them.
/// Nothing for anything else; no name reaches a path before it has passed here.
[[nodiscard]] std::optional<std::string> host_name(std::string_view text);

}  // namespace wobackup
