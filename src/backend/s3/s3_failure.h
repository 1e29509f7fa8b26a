// A server's refusal as an Error.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "backend/s3/http_client.h"
#include "wobackup/error.h"

namespace wobackup {

/// `purpose` says what was tried. `ahead` is by how much the server's clock is before this machine's.
[[nodiscard]] Error s3_failure(const std::string& purpose, const S3HttpAnswer& answer,
                               std::optional<std::chrono::seconds> ahead);

}  // namespace wobackup
