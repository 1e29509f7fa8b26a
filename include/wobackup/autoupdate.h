// WordPress' own updates (core, plugins, themes), each behind a backup, followed by checks, and taken back if they
// fail.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wobackup/service.h"

namespace wobackup {

/// A program of a site, and the versions that it has and shall have. All three are what the site's code says:
/// printable, and no more to be trusted.
struct Update {
  std::string name;  ///< "WordPress", or a plugin or theme as WP-CLI names it
  std::string from;
  std::string to;
};

/// An update that is there and is not made.
struct HeldBack {
  std::string kind;  ///< "core", "plugin", "theme"
  Update update;
  std::string why;
};

/// What WordPress would update.
struct PendingUpdates {
  std::optional<Update> core;
  std::vector<Update> plugins;
  std::vector<Update> themes;
  std::vector<HeldBack> held_back;
  std::vector<std::string> notes;

  /// Whether there is nothing to do; what is held back does not count.
  [[nodiscard]] bool empty() const noexcept { return count() == 0; }
  [[nodiscard]] std::size_t count() const noexcept { return (core ? 1U : 0U) + plugins.size() + themes.size(); }
};

/// As it stands in a backup's metadata: {core: {name, from, to} or null, plugins: [...], themes: [...]}.
[[nodiscard]] Json json_of(const PendingUpdates& updates);

/// What to update, and how.
struct AutoupdateOptions {
  std::vector<std::string> sites = {};
  bool all = false;  ///< every enabled WordPress that the settings do not leave out; then `sites` is empty
  bool core = true;
  bool plugins = true;
  bool themes = true;
  /// WordPress within its x.y, plugins and themes within the first number of their versions.
  bool minor_only = false;
  /// Each update behind a backup of its own, so that only the one that fails is taken back.
  bool one_by_one = false;
  bool dry_run = false;                   ///< tells what is pending
  bool backup_only = false;               ///< makes the backup, also if nothing is pending, and no update
  bool visual = true;                     ///< runs the site's conf/autoupdate-visual-cmd, if it has one
  std::vector<std::string> exclude = {};  ///< plugins, besides those of the settings
  std::optional<std::filesystem::path> backup_root = {};
  std::chrono::seconds wait{0};  ///< as in CreateOptions
  ProgressCallback on_progress = {};
  std::function<void(const std::string& site, std::string_view phase)> on_phase = {};
  std::function<bool()> cancelled = {};  ///< as in GuardOptions
};

/// How it went with one site. `partly_updated`: some updates stay, others were taken back.
enum class AutoupdateState {
  up_to_date,
  planned,
  backed_up,
  updated,
  partly_updated,
  rolled_back,
  failed,  ///< before anything was changed
  rollback_failed
};

[[nodiscard]] std::string_view name_of(AutoupdateState state) noexcept;  ///< "up-to-date", "rolled-back" ...

/// Updates that were made behind one backup. They stay together or are taken back together.
struct UpdateStep {
  PendingUpdates updates;
  bool kept = false;
  bool rolled_back = false;
  std::filesystem::path archive;  ///< of the backup; empty if there is none any more
  std::vector<CheckResult> checks;
  KeptRows kept_rows;
  std::optional<Error> error;  ///< why they did not stay
  std::vector<std::string> notes;
  std::chrono::milliseconds elapsed{0};
};

/// A command of WP-CLI, for whoever looks for the cause of something.
struct UpdateCommand {
  std::string command;
  std::string end;                   ///< "exit status 0" ...
  std::vector<std::string> printed;  ///< the last lines of its output and of its complaints; printable
  std::chrono::milliseconds elapsed{0};
};

/// Everything about one site's run.
struct SiteAutoupdate {
  std::string site;
  AutoupdateState state = AutoupdateState::up_to_date;
  PendingUpdates pending;
  std::vector<UpdateStep> steps;
  std::vector<UpdateCommand> commands;
  std::filesystem::path archive;                ///< the backup before everything
  std::vector<std::filesystem::path> verified;  ///< backups that were read back whole
  std::vector<std::filesystem::path> removed;   ///< older backups that made room
  std::vector<std::string> notes;
  std::optional<Error> error;  ///< the worst of all
  std::chrono::milliseconds elapsed{0};

  [[nodiscard]] int exit_code() const noexcept { return error ? wobackup::exit_code(error->kind()) : 0; }
};

/// A whole run.
struct AutoupdateRun {
  std::vector<SiteAutoupdate> sites;
  std::size_t skipped = 0;                      ///< of all sites: no WordPress, disabled, or left out by the settings
  std::optional<std::filesystem::path> report;  ///< the JSON one; a readable one lies beside it, as .txt
  std::optional<std::string> report_problem;    ///< why there is none
  std::string started;                          ///< RFC 3339
  std::chrono::milliseconds elapsed{0};
  int exit_code = 0;  ///< of the worst site
};

/// Updates sites one after the other; one that fails does not stop the others, an interruption does. `on_site` is
/// called after each. Throws usage for options that make no sense, and failed if there is no WP-CLI; what goes wrong
/// with a site is in its result. One run at a time works on a site (Error locked), across processes.
[[nodiscard]] AutoupdateRun autoupdate(Service& service, const AutoupdateOptions& options,
                                       const std::function<void(const SiteAutoupdate&)>& on_site = {});

/// Which of two exit codes a run ends with: an interruption, then the greater one, but an incomplete backup after every
/// failure.
[[nodiscard]] int worse_exit_code(int a, int b) noexcept;

}  // namespace wobackup
