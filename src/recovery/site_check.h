// Does a live site run? Asked before and after it is changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "wobackup/config.h"
#include "wobackup/site.h"
#include "wordpress/wordpress_run.h"

namespace wobackup {

/// What was seen of a site. A part that could not be asked (no PHP, no web server, files of root's) is a note.
struct SiteLook {
  std::optional<std::string> version;            ///< of a WordPress that loaded
  std::optional<std::string> wordpress_problem;  ///< why it did not
  std::optional<int> http_status;
  std::optional<std::string> http_problem;  ///< what is wrong with the front page
  std::vector<std::string> notes;
};

/// Who owns the live site's htdocs (if it is gone, its folder, unless that is root): asked before it is changed, since
/// afterwards the archive has chosen the owner. Nothing if there is nobody.
[[nodiscard]] std::optional<unsigned> live_owner(const Site& site);

/// How the site's WordPress is to be run: as the owner that htdocs had before (`owner`, from `live_owner`), and only if
/// it still has that one. Nothing if it has none, or (then `why_not` says so) it cannot be run here.
[[nodiscard]] std::optional<WordPressRun> wordpress_of(const Site& site, const Config& config,
                                                       const std::optional<unsigned>& owner,
                                                       std::optional<std::string>& why_not);

/// Loads WordPress (whether or not the site is in maintenance), as its user. Throws Error interrupted only.
void look_at_wordpress(const Site& site, const Config& config, const std::optional<unsigned>& owner,
                       const Cancellation& cancellation, SiteLook& look);
/// Asks the web server of this machine for the front page. With `before`, its status is as good as 200.
void look_at_front_page(const Site& site, const Config& config, const std::optional<int>& before,
                        const Cancellation& cancellation, SiteLook& look);

/// What is broken now and was not before: a reason to take a change back. What was broken before as well goes to
/// `notes`.
[[nodiscard]] std::optional<std::string> newly_broken(const SiteLook& before, const SiteLook& after,
                                                      std::vector<std::string>& notes);

/// Has this site's caches forget it; sentences about what could not be done.
[[nodiscard]] std::vector<std::string> flush_site_caches(const Site& site, const Config& config,
                                                         const std::optional<unsigned>& owner,
                                                         const Cancellation& cancellation);

}  // namespace wobackup
