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

/// The owner of a site's htdocs. Throws Error failed if that is root, or if the site's folder belongs to yet another
/// user than root: a link that a site's user planted as htdocs must not make anybody else run what it leads to. Files
/// of the group root run with their owner's own group. A process that is not root runs a site's code as itself.
/// `site_folder_fd` may be -1 where htdocs was made by this program.
[[nodiscard]] SiteUser site_user(int htdocs_fd, int site_folder_fd, std::string_view site);

}  // namespace wobackup
