// Opening the file of an archive.
#pragma once

#include <filesystem>
#include <memory>

#include "base/file_access.h"

namespace wobackup {

/// Opens an archive by its path. Symbolic links, on the way or the file itself, are followed only where nobody but root
/// and the user of this process could have put them (base/safe_path.h); FIFOs do not block. Throws not_found;
/// verification for what is no regular file; failed.
[[nodiscard]] std::unique_ptr<FileAccess> open_archive(const std::filesystem::path& path);

}  // namespace wobackup
