#include "recovery/archive_origin.h"

#include <fmt/format.h>

#include "base/host_name.h"
#include "base/json_text.h"
#include "recovery/archived_part.h"
#include "wobackup/error.h"
#include "wobackup/json.h"

namespace wobackup {

ArchiveOrigin origin_of(const ArchiveReader& archive) {
  const Json& vhost = archive.vhost();
  return {host_name(text_member(vhost, "sitename").value_or("")), text_member(vhost, "backup_timestamp").value_or(""),
          part_in(vhost)};
}

bool makes_a_copy(const ArchiveReader& archive, const Site& site, const InPlaceOptions& options) {
  const ArchiveOrigin origin = origin_of(archive);
  if (!origin.site) return options.other_site;
  if (*origin.site == site.name) return false;
  if (options.other_site) return true;
  throw Error(ErrorKind::usage,
              fmt::format("{} is a backup of {}, not of {}", archive.file().name(), *origin.site, site.name),
              fmt::format("if {} shall become a copy of {}: --site {}", site.name, *origin.site, site.name));
}

}  // namespace wobackup
