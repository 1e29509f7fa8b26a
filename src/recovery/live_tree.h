// A site's live files by their paths in the backup.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "in_place/mount_points.h"

namespace wobackup {

/// Opens what lies below a site's folder; no link is followed but htdocs itself, by the rule of open_htdocs.
class LiveTree {
 public:
  /// `site_fd` outlives the object. Throws as open_htdocs, if the link is `followed`.
  LiveTree(int site_fd, bool followed);

  /// Empty with errno if it cannot be opened.
  [[nodiscard]] UniqueFd open(const std::string& path, int flags) const;

  /// The folder that htdocs leads to, if it is a link.
  [[nodiscard]] const UniqueFd& linked_htdocs() const noexcept { return htdocs_; }

  /// A mount below the site's folder, or below the linked htdocs.
  struct Mount {
    std::string at;  ///< as a path of the site's folder
    MountPoint mount;
  };
  [[nodiscard]] std::vector<Mount> mounts() const;

 private:
  int site_fd_;
  UniqueFd htdocs_;
};

}  // namespace wobackup
