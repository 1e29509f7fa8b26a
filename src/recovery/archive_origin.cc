#include "recovery/archive_origin.h"

#include <fmt/format.h>

#include "base/host_name.h"
#include "wobackup/error.h"
#include "wobackup/json.h"

namespace wobackup {

ArchiveOrigin origin_of(const ArchiveReader& archive) {
  const Json& vhost = archive.vhost();
  const auto text = [&](const char* key) {
    const auto value = vhost.is_object() ? vhost.find(key) : vhost.end();
    return value != vhost.end() && value->is_string() ? value->get<std::string>() : std::string();
  };
  return {host_name(text("sitename")), text("backup_timestamp")};
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
