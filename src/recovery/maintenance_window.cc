#include "recovery/maintenance_window.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "in_place/mount_points.h"
#include "recovery/live_htdocs.h"
#include "wobackup/error.h"

namespace wobackup {

struct MaintenanceWindow::Tree {
  UniqueFd folder;
  SiteUser owner;
  timespec changed{};
  std::unique_ptr<MaintenanceMode> mode;
};

MaintenanceWindow::MaintenanceWindow(std::string site, const Clock& clock) : site_(std::move(site)), clock_(clock) {}

MaintenanceWindow::~MaintenanceWindow() { leave(); }

void MaintenanceWindow::add(int folder_fd, std::vector<FolderTime>& times) {
  auto tree = std::make_unique<Tree>();
  try {
    tree->folder = open_htdocs(folder_fd);
  } catch (const Error&) {
    return;  // a link that nobody may follow: there is no htdocs to speak of
  }
  struct stat status {};
  if (!tree->folder || ::fstatat(tree->folder.get(), "wp-load.php", &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (::fstat(tree->folder.get(), &status) != 0) return;
  const FileIdentity identity = identity_from(status);
  auto known =
      std::find_if(times.begin(), times.end(), [&](const FolderTime& time) { return time.folder == identity; });
  if (known == times.end()) {
    times.push_back({identity, status.st_mtim.tv_sec, status.st_mtim.tv_nsec});
    known = std::prev(times.end());
  }
  tree->changed = {known->seconds, known->nanoseconds};
  tree->owner = {status.st_uid, status.st_gid};
  trees_.push_back(std::move(tree));
}

// Named as it is called now: the trees change places.
void MaintenanceWindow::enter(Tree& tree) const {
  const std::string path = real_path_of(tree.folder.get());
  tree.mode = std::make_unique<MaintenanceMode>(tree.folder.get(), path.empty() ? site_ + "/htdocs" : printable(path),
                                                tree.owner, clock_);
}

void MaintenanceWindow::enter() {
  for (const auto& tree : trees_) enter(*tree);
}

void MaintenanceWindow::enter_if_possible(const LogSink& log) noexcept {
  for (const auto& tree : trees_) {
    try {
      enter(*tree);
    } catch (const std::exception& error) {
      if (log) log(LogLevel::warning, site_ + ": visitors are not kept away meanwhile: " + error.what());
    }
  }
}

void MaintenanceWindow::expect(const std::vector<FolderTime>& times) {
  for (const auto& tree : trees_) {
    struct stat status {};
    if (::fstat(tree->folder.get(), &status) != 0) continue;
    for (const FolderTime& time : times) {
      if (time.folder == identity_from(status)) tree->changed = {time.seconds, time.nanoseconds};
    }
  }
}

void MaintenanceWindow::leave() noexcept {
  for (const auto& tree : trees_) {
    if (!tree->mode) continue;
    tree->mode.reset();
    const timespec times[2] = {{0, UTIME_OMIT}, tree->changed};
    static_cast<void>(::futimens(tree->folder.get(), times));
  }
}

}  // namespace wobackup
