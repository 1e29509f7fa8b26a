// How members of backups are shown.
#pragma once

#include <string>

#include "wobackup/inspect.h"

namespace wobackup::cli {

/// "-rw-r--r--", with d, l, h (hard link), p, c, b in front.
[[nodiscard]] std::string permissions_text(const ArchiveEntry& entry);
/// "2025-01-20 14:25:30", UTC; seconds with an @ for what no calendar has.
[[nodiscard]] std::string time_text(std::chrono::sys_seconds time);
/// The keys of a manifest's line (docs/archive.md), with "permissions" added.
[[nodiscard]] Json entry_json(const ArchiveEntry& entry);
/// Under `key` if it is UTF-8, else made printable, with the bytes as base64 under "<key>_b64".
void put_bytes(Json& fields, const std::string& key, const std::string& bytes);

}  // namespace wobackup::cli
