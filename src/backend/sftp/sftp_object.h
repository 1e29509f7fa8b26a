// A file on an SFTP server, opened for reading.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/sftp/sftp_pool.h"

namespace wobackup {

/// What attributes tell of an object. Nothing if they are not those of a regular file.
[[nodiscard]] std::optional<ObjectInfo> sftp_info(const std::string& key, const SftpAttributes& attributes);

/// See ObjectReader::open. `path` is the file's on the server, `shown` its name for messages. The pool outlives the
/// object.
[[nodiscard]] std::unique_ptr<OpenObject> open_sftp_object(SftpPool& pool, const std::string& key,
                                                           const std::string& path, std::string shown);

}  // namespace wobackup
