#include "recovery/maintenance_window.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

namespace wobackup {

struct MaintenanceWindow::Tree {
  UniqueFd folder;
  timespec changed{};
  std::unique_ptr<MaintenanceMode> mode;
};

MaintenanceWindow::MaintenanceWindow(std::string site, const Clock& clock) : site_(std::move(site)), clock_(clock) {}

MaintenanceWindow::~MaintenanceWindow() { leave(); }

void MaintenanceWindow::enter(int folder_fd) {
  auto tree = std::make_unique<Tree>();
  tree->folder.reset(::openat(folder_fd, "htdocs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!tree->folder || ::fstatat(tree->folder.get(), "wp-load.php", &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (::fstat(tree->folder.get(), &status) != 0) return;
  tree->changed = status.st_mtim;
  tree->mode = std::make_unique<MaintenanceMode>(tree->folder.get(), site_ + "/htdocs",
                                                 SiteUser{status.st_uid, status.st_gid}, clock_);
  trees_.push_back(std::move(tree));
}

void MaintenanceWindow::leave() noexcept {
  for (const auto& tree : trees_) {
    tree->mode.reset();
    const timespec times[2] = {{0, UTIME_OMIT}, tree->changed};
    static_cast<void>(::futimens(tree->folder.get(), times));
  }
  trees_.clear();
}

}  // namespace wobackup
