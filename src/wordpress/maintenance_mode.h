// WordPress' maintenance mode: visitors get "briefly unavailable" while a site is changed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "wordpress/site_user.h"

namespace wobackup {

/// Keeps the file `.maintenance` in a document root for as long as the object lives, and renews it, since WordPress
/// ignores one that is ten minutes old. It belongs to the folder behind the descriptor, wherever that is renamed to: a
/// restore that exchanges two trees keeps one object for each. PHP runs the file, so it holds a number and our mark,
/// nothing else. Thread-safe.
class MaintenanceMode {
 public:
  static constexpr std::chrono::milliseconds kRenewEvery = std::chrono::minutes(5);

  /// Throws Error locked if a file of somebody else's that still counts is there: WordPress is being updated. Takes
  /// over one of ours that a killed run left. The file belongs to `owner`. `name` is for messages; the clock outlives
  /// this.
  MaintenanceMode(int htdocs_fd, std::string name, const SiteUser& owner, const Clock& clock,
                  std::chrono::milliseconds renew_every = kRenewEvery);
  MaintenanceMode(const MaintenanceMode&) = delete;
  MaintenanceMode& operator=(const MaintenanceMode&) = delete;
  /// As `leave`, but a failure stays unsaid: the file is ignored after ten minutes.
  ~MaintenanceMode();

  /// Ten minutes from now on. Throws Error failed or no_space; so it does if the last renewal by itself failed.
  void renew();
  /// Removes the file, unless it is somebody else's by now. Throws Error failed. May be called again.
  void leave();

  /// Removes a file of ours that a killed run left; whether there was one.
  static bool remove_leftover(int htdocs_fd, const std::string& name);

 private:
  void write() const;
  void stop_renewing();

  UniqueFd folder_;
  std::string name_;
  SiteUser owner_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<std::string> problem_;
  bool active_ = false;
  std::jthread renewing_;  // last: it uses the others
};

}  // namespace wobackup
