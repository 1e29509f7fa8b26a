// Where secrets come from: files, descriptors, other programs. They go straight into memory that is wiped.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "wobackup/secret.h"

namespace wobackup {

/// The content of a file that only root or this process's user can read: throws usage (with the chmod that helps) for
/// others, not_found, failed. Links are followed, and what is no regular file (/dev/fd/3) is read to its end.
[[nodiscard]] Secret read_secret_file(const std::filesystem::path& path, std::size_t limit_bytes);

/// Reads a descriptor to its end. Throws failed, also for more than the limit.
[[nodiscard]] Secret read_secret(int fd, std::size_t limit_bytes, std::string_view name);

/// What a program prints. It has this process's environment, and may ask at the terminal. Throws wrong_key if it fails,
/// with what it said on stderr; `what` names it for messages ("the identity command").
[[nodiscard]] Secret secret_from_command(const std::vector<std::string>& argv, std::size_t limit_bytes,
                                         std::string_view what);

}  // namespace wobackup
