// WordPress' maintenance mode in both of the trees that are exchanged.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "in_place/restore_journal.h"
#include "wobackup/log.h"
#include "wordpress/maintenance_mode.h"

namespace wobackup {

/// While it lives, visitors of a WordPress see "briefly unavailable", whichever of the trees is the live one. Leaves
/// the folders' times as they were, also those that a killed run has noted. Trees without WordPress are left alone.
class MaintenanceWindow {
 public:
  MaintenanceWindow(std::string site, const Clock& clock);
  MaintenanceWindow(const MaintenanceWindow&) = delete;
  MaintenanceWindow& operator=(const MaintenanceWindow&) = delete;
  ~MaintenanceWindow();

  /// For the htdocs in this folder (the site's, where it may be a link as open_htdocs follows it, or the stage).
  /// Nothing is changed yet: `times`, to be written into the journal before that, gets the folder's, unless it has
  /// them.
  void add(int folder_fd, std::vector<FolderTime>& times);
  /// In all trees that were added. Throws as MaintenanceMode: locked if WordPress is updating itself.
  void enter();
  /// The same for the way back, which nothing that a site's user or its WordPress puts there may stop: what stands
  /// against it becomes a warning, and visitors of that tree are not kept away.
  void enter_if_possible(const LogSink& log) noexcept;
  /// What the folders' times shall be afterwards, where somebody has set them meanwhile.
  void expect(const std::vector<FolderTime>& times);
  /// What fails is ignored: the files count for ten minutes. `enter` may be called again.
  void leave() noexcept;

 private:
  struct Tree;
  void enter(Tree& tree) const;
  std::string site_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Tree>> trees_;
};

}  // namespace wobackup
