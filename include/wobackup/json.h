// The JSON type of the public API.
#pragma once

#include <nlohmann/json.hpp>

namespace wobackup {
/// Keys keep the order in which they were written, so that vhost.json reads the same each time.
using Json = nlohmann::ordered_json;
}  // namespace wobackup
