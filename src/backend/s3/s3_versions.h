// What a bucket keeps of objects that are replaced or removed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/s3/s3_client.h"
#include "base/cancellation.h"

namespace wobackup {

enum class S3Versioning { enabled, suspended, off, unknown };

/// `unknown` if these keys may not ask, or the server does not know the question.
[[nodiscard]] S3Versioning s3_versioning(S3Client& client, const Cancellation& cancellation);

/// "GOVERNANCE, 30 days": what a new object's versions are locked with by default. Empty text: locks are possible, but
/// none is the default. Nothing if there are none, or it cannot be asked.
[[nodiscard]] std::optional<std::string> s3_default_lock(S3Client& client, const Cancellation& cancellation);

/// All versions of one object, delete markers too; at most 1,000. Nothing if these keys may not list them.
[[nodiscard]] std::optional<std::vector<std::string>> s3_versions_of(S3Client& client, const std::string& key,
                                                                     const Cancellation& cancellation);

/// Removes one version for good. False if these keys may not, or it is locked.
[[nodiscard]] bool remove_s3_version(S3Client& client, const std::string& key, const std::string& version,
                                     const Cancellation& cancellation);

}  // namespace wobackup
