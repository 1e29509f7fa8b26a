// An archive's members in the order of its tar.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "container/container_reader.h"
#include "container/manifest.h"

namespace wobackup {

/// Where a member lies in the tar: header blocks, data, padding, and nothing else.
struct TarExtent {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The tar's parts that belong to no member.
struct TarEnds {
  std::uint64_t members_begin = 0;  ///< behind the top folder's header
  std::uint64_t members_end = 0;    ///< where the zeros at the end begin: the last frame
};

/// Whether a member may lie elsewhere in the tar than its path would have it: those at the top and the dumps do. The
/// second, of a manifest's line, is true only for one that surely does not, and spares parsing it.
[[nodiscard]] bool may_be_out_of_order(const ManifestEntry& entry);
[[nodiscard]] bool is_surely_deep(std::string_view line);

/// Reads the manifest twice: first for its hash and for the few members that do not stand in the tar in the order of
/// their paths (vhost.json, the config files, the dumps), then for all. So nothing is visited that the hash does not
/// cover, and a million members need no memory. Members that are not in the tar (unreadable ones) are passed over.
/// Throws Error verification for a manifest that fits no tar: extents then neither overlap nor leave gaps.
TarEnds visit_in_tar_order(const ContainerReader& container,
                           const std::function<void(const ManifestEntry&, const TarExtent&)>& visit);

}  // namespace wobackup
