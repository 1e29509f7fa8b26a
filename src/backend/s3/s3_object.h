// An object in a bucket, opened for reading.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/s3/s3_client.h"
#include "base/cancellation.h"

namespace wobackup {

/// What HEAD tells; nothing if there is no such object. Throws Error.
[[nodiscard]] std::optional<ObjectInfo> s3_stat(S3Client& client, const std::string& key,
                                                const Cancellation& cancellation);

/// See ObjectReader::open. Both outlive the object. One request: with a tail, the GET of the tail tells the rest.
[[nodiscard]] std::unique_ptr<OpenObject> open_s3_object(S3Client& client, const std::string& key,
                                                         std::size_t tail_bytes, const Cancellation& cancellation);

}  // namespace wobackup
