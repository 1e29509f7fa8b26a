// A site's own look at itself: conf/autoupdate-visual-cmd, run before and after an update.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/cancellation.h"
#include "base/unique_fd.h"
#include "wobackup/config.h"
#include "wobackup/error.h"
#include "wobackup/site.h"
#include "wordpress/site_user.h"

namespace wobackup {

/// The command of one site, for one run of updates. The file is the site's: it is read without following links, may
/// not be writable by others than the site's user and root, and runs as the site's user with a time limit and nothing
/// of ours in its environment but WOBACKUP_* and the names that WordOps' forks use (WO_SITE, WO_WEBROOT). It is a
/// script: for the interpreter in its first line, else for sh. Between its runs it keeps what it needs (screenshots) in
/// a folder of its own in scratch_dir, which is removed unless the check has failed.
class VisualCheck {
 public:
  /// Nothing if the site has no such file. Throws Error failed if the file cannot be used. `cancellation` outlives it.
  static std::optional<VisualCheck> find(const Site& site, const Config& config, const Cancellation& cancellation);

  VisualCheck(VisualCheck&&) noexcept = default;
  VisualCheck& operator=(VisualCheck&&) = delete;
  ~VisualCheck();

  /// Runs it before the change, if its text speaks of WOBACKUP_PHASE: then it has something to remember. Throws Error
  /// failed if it fails.
  void before();
  /// Runs it after the change. Throws Error failed if it ends with anything but 0; the message tells where its folder
  /// is.
  void after();

 private:
  VisualCheck(const Site& site, const Config& config, std::string text, SiteUser user, UniqueFd folder,
              const Cancellation& cancellation);
  void run(const char* phase);

  Site site_;
  std::chrono::seconds timeout_;
  std::filesystem::path scratch_dir_;
  std::string text_;
  SiteUser user_;
  UniqueFd folder_;
  const Cancellation* cancellation_;
  std::filesystem::path work_;  ///< made at the first run
  bool failed_ = false;
};

}  // namespace wobackup
