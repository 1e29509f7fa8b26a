// Running WP-CLI for one site: as the site's user, within limits, with a network.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/unique_fd.h"
#include "base/watched_run.h"
#include "wobackup/config.h"
#include "wobackup/site.h"
#include "wordpress/php_run.h"

namespace wobackup {

/// How WP-CLI is started.
struct WpProgram {
  std::filesystem::path path;
  std::optional<PhpProgram> php;  ///< which runs it, if it is a PHP program and not somebody's wrapper around one
};

/// The configured one, else `wp` from PATH. Throws Error failed with a hint if there is none.
[[nodiscard]] std::filesystem::path wp_cli_path(const Config& config);
/// The same, and the PHP that runs it: the site's.
[[nodiscard]] WpProgram find_wp_cli(const Config& config, const std::optional<std::string>& php_version);

/// What a command of WP-CLI did and said. The site's code runs in it: all of it is only data.
struct WpRun {
  std::string command;  ///< for messages: "wp plugin update shop"
  Watched watched;
  std::chrono::seconds time_limit{0};
  std::chrono::milliseconds elapsed{0};

  [[nodiscard]] bool succeeded() const noexcept {
    return watched.end == WatchEnd::by_itself && watched.status.success();
  }
};

/// WP-CLI for one site. The user is the owner of htdocs, never root; the working folder is the site's; the settings
/// in the site's own wp-cli.yml hold, those of users do not.
class WpCli {
 public:
  /// Throws Error failed if the site is no WordPress, belongs to root, or WP-CLI is missing. `cancellation` outlives
  /// it.
  WpCli(const Site& site, const Config& config, const Cancellation& cancellation);

  /// Runs `wp <words> --path=htdocs --no-color`. Throws failed if it cannot be started, and interrupted.
  [[nodiscard]] WpRun run(const std::vector<std::string>& words) const;
  /// Told of every run.
  void on_run(std::function<void(const WpRun&)> told) { on_run_ = std::move(told); }

 private:
  WpProgram program_;
  SiteUser user_;
  UniqueFd folder_;
  std::chrono::seconds timeout_;
  std::string home_;
  const Cancellation& cancellation_;
  std::function<void(const WpRun&)> on_run_;
};

/// Whether the site's files are a WordPress.
[[nodiscard]] bool is_wordpress(const Site& site);

/// "exit status 0", "it did not end within 900 seconds".
[[nodiscard]] std::string end_text(const WpRun& run);

/// "wp plugin update shop failed: Error: ...". What it printed last is quoted, printable and cut.
[[nodiscard]] Error wp_failure(const WpRun& run);

}  // namespace wobackup
