// The file in which a site says what its database is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "site/site_folder.h"
#include "site/wp_config.h"

namespace wobackup {

struct SiteConfig {
  std::string file;  ///< relative to the site's folder
  PhpSettings settings;

  /// A constant, or null if the file does not have it.
  [[nodiscard]] const PhpValue* find(std::string_view constant) const;
};

/// The first file that defines DB_NAME, DB_ENGINE or DATABASE_TYPE: wp-config.php, then the other `files`; only if
/// there are no `files` at all, htdocs/wp-config.php. Throws Error failed for a file that cannot or must not be read.
[[nodiscard]] std::optional<SiteConfig> find_site_config(const SiteFolder& folder,
                                                         const std::vector<std::string>& files);

}  // namespace wobackup
