// Multipart uploads that have begun and not ended.
#pragma once

#include <functional>
#include <string>

#include "backend/s3/s3_answer.h"
#include "backend/s3/s3_client.h"
#include "base/cancellation.h"

namespace wobackup {

/// Calls `visit` for those to keys that begin with `prefix`; their keys come without the store's prefix. Whoever began
/// them: the protocol does not tell. False if the server cannot list them. Throws Error, and what `visit` throws.
bool visit_s3_unfinished(S3Client& client, const std::string& prefix, const Cancellation& cancellation,
                         const std::function<void(const S3ListedUpload&)>& visit);

/// Aborts one; one that is gone is no error. Throws Error.
void abort_s3_upload(S3Client& client, const std::string& key, const std::string& upload_id,
                     const Cancellation& cancellation);

}  // namespace wobackup
