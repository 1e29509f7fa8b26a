// As whom a site's code runs: never as root.
#pragma once

#include <optional>
#include <string_view>

namespace wobackup {

/// A user and a group of the system.
struct SiteUser {
  unsigned uid = 0;
  unsigned gid = 0;
};

/// The owner of a live site's htdocs, with the group that the system's user database gives that user: a group that only
/// files name gives nobody anything. Throws Error failed if that is root, no user of this system, or a system account
/// other than WordOps' www-data; or if the site's folder belongs to yet another user than root: a link that a site's
/// user planted as htdocs must not make anybody else run what it leads to. A process that is not root runs a site's
/// code as itself. Not for files that came from an archive: whoever made it chose their owner.
[[nodiscard]] SiteUser site_user(int htdocs_fd, int site_folder_fd, std::string_view site);

}  // namespace wobackup
