// Archives of what a restore of a part has displaced: they hold that part of the site alone.
#pragma once

#include <optional>

#include "store/archive/archive_reader.h"
#include "wobackup/json.h"
#include "wobackup/restore.h"

namespace wobackup {

/// The field of vhost.json: `holds_only`, an object of the lists `paths` and `tables`; what is not UTF-8 is
/// `{"b64": base64}` there.
inline constexpr const char* kHoldsOnly = "holds_only";

[[nodiscard]] Json json_of(const ArchivePart& part);
/// What a vhost.json says. Nothing if it says nothing; a part of nothing if nobody can tell what it says.
[[nodiscard]] std::optional<ArchivePart> part_in(const Json& vhost);

/// The options with which an archive that holds a part may be restored in place: what is wanted, if it lies within the
/// part; without a wish, the part. All else would take for missing in the site what the archive never held: Error
/// usage, its hint has the options that are right.
[[nodiscard]] InPlaceOptions within_part(const ArchiveReader& archive, const InPlaceOptions& options);

}  // namespace wobackup
