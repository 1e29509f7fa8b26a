// Turns a record, wherever it comes from, into a site.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "wobackup/json.h"
#include "wobackup/site.h"

namespace wobackup {

/// The folder of the site of this name, normalized. Throws Error usage unless it is absolute, without "..", and not
/// "/".
[[nodiscard]] std::filesystem::path site_path_from(const std::string& site, const std::string& path);

/// Checks name and path. Throws Error usage for a name that is no host name, or a path that is missing, not absolute,
/// or has "..".
[[nodiscard]] Site site_from_record(SiteRecord record, std::optional<std::string> password, SiteOrigin origin);

/// Who gave the site's record, for messages: "the registry", "the given site", "wobackup.toml".
[[nodiscard]] std::string_view recorder_of(const Site& site) noexcept;

/// From the registry's fields as a JSON object; numbers, texts and booleans are taken for each other where they can be.
/// Unknown fields are left alone. Throws Error usage that names the field it cannot use.
[[nodiscard]] Site site_from_fields(const Json& fields);

}  // namespace wobackup
