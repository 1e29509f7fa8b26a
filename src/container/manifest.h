// The manifest: the sorted list of what a snapshot holds, as JSON lines. docs/archive.md has every key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "container/entry.h"
#include "crypto/sha256.h"
#include "wobackup/json.h"

namespace wobackup {

/// The first line.
struct ManifestHeader {
  int format = 1;
  std::string tool_version;
  std::string site;
  std::string name;     ///< the top folder
  std::string created;  ///< RFC 3339
  bool complete = true;
  bool has_files = false;
  bool has_database = false;
  /// Globs of what was left out of the files (bytes, as `create --exclude` takes them); older archives do not say.
  std::vector<std::string> exclude;
  bool exclude_caches = false;
  std::uint64_t entries = 0;
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;  ///< logical bytes of regular files, dumps included
  std::uint64_t tar_bytes = 0;
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  std::uint64_t unreadable_count = 0;
  std::uint64_t notes_count = 0;
  /// {"path", "path_b64" if it is not UTF-8, "what", "unreadable": bool}; the first ones, 1 MiB as JSON at most.
  Json notes = Json::array();
};

/// No line is longer: the one of a dump of 250,000 tables.
constexpr std::size_t kLongestManifestLineBytes = std::size_t{32} << 20U;

/// One following line.
struct ManifestEntry {
  Entry entry;  ///< path, type, mode, owner, size, mtime, link, device, sparse; xattrs and ACLs stay in the tar
  std::optional<Sha256Digest>
      sha256;  ///< of a regular file's stored bytes (a sparse one: its map and data as in the tar)
  std::optional<std::uint64_t> offset;  ///< in the tar, of the member's first header block; none for what is not in it
  std::vector<std::string> flags;       ///< "changed", "grew", "unreadable"
  std::string error;                    ///< why it is flagged
  Json database;                        ///< a dump's description; null otherwise
};

/// Enters bytes under `key` if they are UTF-8, else as base64 under "<key>_b64" with a readable form under `key`.
void put_text(Json& json, const std::string& key, std::string_view bytes);

/// One line with its newline.
[[nodiscard]] std::string manifest_line(const ManifestHeader& header);
void append_manifest_line(std::string& out, const ManifestEntry& entry);

/// Throw Error verification for a line that is not of this form. The line comes from an untrusted file. Unknown keys
/// are passed over. Paths, and hard links', are relative, without empty, "." and ".." parts.
[[nodiscard]] ManifestHeader manifest_header_from(std::string_view line);
[[nodiscard]] ManifestEntry manifest_entry_from(std::string_view line);

/// The path in an entry's line as it stands there, without parsing the line; nothing if that cannot be told so
/// (escapes, base64, another order of keys). Passing over a million lines that are not wanted takes a tenth of parsing
/// them.
[[nodiscard]] std::optional<std::string_view> plain_path_of(std::string_view line) noexcept;

}  // namespace wobackup
