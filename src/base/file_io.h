// Reading and writing descriptors whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/unique_fd.h"

namespace wobackup {

/// Reads until the buffer is full or the file ends; returns the number of bytes. Throws Error ("cannot read <name>").
[[nodiscard]] std::size_t read_up_to(int fd, MutableByteSpan buffer, std::string_view name);
/// The same at an offset, leaving the file position alone.
[[nodiscard]] std::size_t pread_up_to(int fd, MutableByteSpan buffer, std::uint64_t offset, std::string_view name);
/// Writes all. Throws Error no_space or failed ("cannot write <name>").
void write_all(int fd, ByteSpan bytes, std::string_view name);

/// A regular file's content, at most `limit_bytes` (Error failed beyond). Does not follow a link at the end of the
/// path, does not block on FIFOs; throws not_found if it is missing.
[[nodiscard]] std::string read_small_file(const std::filesystem::path& path, std::size_t limit_bytes);
/// The same of an open descriptor.
[[nodiscard]] std::string read_small_file(int fd, std::size_t limit_bytes, std::string_view name);

/// Replaces a file whole: temporary beside it (mode given), synced, renamed, directory synced.
void replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode);

/// An unnamed file in a folder's file system (O_TMPFILE, else a named one unlinked at once), readable and writable.
[[nodiscard]] UniqueFd unnamed_file(int directory_fd, std::string_view directory_name);

/// A memory file holding a secret, for a child to read as /dev/fd/N. Close-on-exec; sealed.
[[nodiscard]] UniqueFd secret_file(std::string_view content);

}  // namespace wobackup
