// A question to a site's WordPress that an update can do without.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "wobackup/config.h"
#include "wobackup/json.h"
#include "wobackup/site.h"

namespace wobackup {

/// Runs `script` (PHP; see wordpress/wordpress_run.h) in the site's WordPress, as the owner of htdocs. The answer is
/// the site's word. Nothing if it cannot be asked; `why_not` says why. Throws Error interrupted only.
[[nodiscard]] std::optional<Json> ask_wordpress(const Site& site, const Config& config, std::string_view script,
                                                const Cancellation& cancellation, std::string& why_not);

}  // namespace wobackup
