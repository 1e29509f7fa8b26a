// What an archive tells of itself, quickly.
#pragma once

#include <optional>
#include <string_view>

#include "base/random_access.h"
#include "container/container_reader.h"
#include "container/manifest.h"
#include "wobackup/json.h"

namespace wobackup {

/// vhost.json, and the manifest's header if there is one.
struct ArchiveMetadata {
  Json vhost;
  std::optional<ManifestHeader> header;  ///< of an archive of this program
  [[nodiscard]] bool indexed() const noexcept { return header.has_value(); }
};

/// How far a file of another program is searched for vhost.json.
enum class SearchDepth { beginning, whole };

/// Three small reads for an archive of this program: its end, its first frame, the manifest's header. Others are read
/// as a stream until vhost.json comes: through 8 MiB of plaintext (then `vhost` may stay null), or to their end, which
/// must then be a tar's end. Throws Error verification for a file that is damaged, cut off, empty, or no archive of a
/// site; an archive of this program that has lost its end is known by its first frame.
[[nodiscard]] ArchiveMetadata read_metadata(const RandomAccess& file, SearchDepth depth);

/// The parts of it. The text of a vhost.json as JSON, that of an indexed archive, and the check that a file without an
/// index is not one of this program that has lost its end. All throw Error verification.
[[nodiscard]] Json vhost_from(const RandomAccess& file, std::string_view text);
[[nodiscard]] Json vhost_of(const RandomAccess& file, const ContainerReader& container);
void require_foreign(const RandomAccess& file);
/// Whether a file's first frame is that of an archive of this program: so it is known when its end is missing.
[[nodiscard]] bool begins_like_ours(const RandomAccess& file);

}  // namespace wobackup
