// What WordPress would update, and what of it is wanted.
#pragma once

#include <string>
#include <vector>

#include "autoupdate/wp_cli.h"
#include "wobackup/autoupdate.h"

namespace wobackup {

/// Which updates are wanted.
struct UpdateWish {
  bool core = true;
  bool plugins = true;
  bool themes = true;
  bool minor_only = false;
  std::vector<std::string> exclude;  ///< plugins: "akismet" or "akismet/akismet.php"
};

/// Asks WordPress through WP-CLI. What is there and not wanted, or cannot be made, is held back with the reason.
/// Throws Error failed if it cannot be asked.
[[nodiscard]] PendingUpdates ask_pending_updates(const WpCli& wp, const UpdateWish& wish);

/// "WordPress 6.4.2 to 6.4.3, shop 1.0 to 1.1".
[[nodiscard]] std::string text_of(const PendingUpdates& updates);

}  // namespace wobackup
