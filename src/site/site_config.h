// The files in which a site says what its database is.
#pragma once

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

/// The files that define DB_NAME, DB_ENGINE or DATABASE_TYPE, the one that WordPress loads first: htdocs/wp-config.php,
/// then wp-config.php if it is among `files`; if neither does, the first other one of `files`. Throws Error failed for
/// a file that cannot or must not be read.
[[nodiscard]] std::vector<SiteConfig> find_site_configs(const SiteFolder& folder,
                                                        const std::vector<std::string>& files);

}  // namespace wobackup
