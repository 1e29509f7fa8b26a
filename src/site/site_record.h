// Turns a record, wherever it comes from, into a site.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "wobackup/json.h"
#include "wobackup/site.h"

namespace wobackup {

/// The folder of the site of this name, normalized. Throws Error usage unless it is absolute, without "..", and not
/// "/".
[[nodiscard]] std::filesystem::path site_path_from(const std::string& site, const std::string& path);

/// Checks name and path. Throws Error usage for a name that is no host name, or a path that is missing, not absolute,
/// or has "..".
[[nodiscard]] Site site_from_record(SiteRecord record, std::optional<std::string> password, SiteOrigin origin);

/// From the registry's fields as a JSON object; numbers and texts are both taken for booleans and numbers.
[[nodiscard]] Site site_from_fields(const Json& fields);

}  // namespace wobackup
