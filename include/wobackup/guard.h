// A change that can be taken back: back up, change, check, and roll back what was backed up if anything failed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wobackup/error.h"
#include "wobackup/json.h"
#include "wobackup/progress.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// A page of the site, asked of the web server of this machine: status, title, size and time are near what they were,
/// and no error text is in it.
struct HttpCheck {
  std::string path = "/";
};

/// WordPress loads with its plugins and theme, its database has the version that its files expect, the plugins that
/// were active still are, and tables that no update empties (users, posts, orders) have rows.
struct WordPressCheck {};

/// No fatal error that was not known before has come into the site's PHP error logs.
struct PhpLogCheck {
  std::optional<std::filesystem::path> file;  ///< default: where WordPress and WordOps' web server write them
};

/// A program of the admin's, run as the site's user in the site's folder, ends with 0.
struct CommandCheck {
  std::filesystem::path program;  ///< absolute
  std::chrono::seconds timeout{60};
};

/// What must hold after a change if it held before. A check that was named and cannot be asked (no PHP, no web server)
/// stops a guard before it begins.
using GuardCheck = std::variant<HttpCheck, WordPressCheck, PhpLogCheck, CommandCheck>;

/// "http", "http:/shop/", "wp", "php-log", "php-log:/path", "command:/path".
[[nodiscard]] std::string text_of(const GuardCheck& check);
/// The inverse. Throws Error usage for anything else.
[[nodiscard]] GuardCheck guard_check_from(std::string_view text);

/// What became of a check. `broken_before`: what is wrong was wrong before the change, so the change is not to blame.
enum class CheckState { passed, failed, broken_before, not_asked };

[[nodiscard]] std::string_view name_of(CheckState state) noexcept;  ///< "passed", "broken-before" ...

struct CheckResult {
  std::string check;  ///< as text_of
  CheckState state = CheckState::passed;
  std::string what;  ///< what is wrong, or why it was not asked; printable
};

/// How to guard a change.
struct GuardOptions {
  BackupType type = BackupType::full;  ///< what is backed up, and rolled back
  std::string reason = "pre-change";
  Json metadata_extra = Json::object();                   ///< as in CreateOptions
  std::optional<std::filesystem::path> backup_root = {};  ///< as in CreateOptions
  /// Where the backup goes, as in CreateOptions. A roll-back takes it from "local" if it is there, else from the first
  /// that gives it. None: backup_root, else as the setting guard.stores says, else "local" and the config's `stores`:
  /// then nothing is changed unless "local" has it, since nobody has asked for a way back over the network.
  std::vector<std::string> stores = {};
  /// Told how it went for each store, before the change begins, also if none of them has it. May be empty.
  std::function<void(const Stored&)> on_stored = {};
  std::vector<GuardCheck> checks = {};  ///< empty: the settings', else `http` and `wp`
  bool no_checks = false;               ///< only the change itself decides
  bool shared = false;                  ///< also a database that other sites use
  /// As in InPlaceOptions, for the roll-back; or as the setting says. Rows that came in the meantime are then not told
  /// apart: they are in a backup that the roll-back makes first.
  bool live_load = false;
  std::optional<std::vector<std::string>> keep_rows = {};     ///< as the setting; see docs/guard.md
  std::chrono::seconds wait{0};                               ///< for another backup or guard of the site
  ProgressCallback on_progress = {};                          ///< of the backup, and of the roll-back
  std::function<void(std::string_view phase)> on_phase = {};  ///< "backup", "change", "check", "roll-back"
  /// As in CreateOptions. Asked during a change as well: what is interrupted is rolled back, and that is not stopped.
  std::function<bool()> cancelled = {};
  /// As in CreateOptions. What is left out is not rolled back.
  std::vector<std::string> exclude = {};
};

/// A program that makes the change. Its working folder is the site's; its environment is PATH, HOME, USER, LANG and
/// WOBACKUP_SITE, WOBACKUP_SITE_PATH, WOBACKUP_ARCHIVE, WOBACKUP_REASON and WOBACKUP_TYPE, nothing else. What it leaves
/// running is ended with it; see docs/guard.md for root's.
struct GuardCommand {
  std::vector<std::string> argv;
  std::optional<std::string> user = {};  ///< name or number; default: the owner of htdocs, unless that is root
  std::optional<std::chrono::seconds> timeout = {};
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< in addition
  /// Descriptors of this process that it gets as its own; -1 is /dev/null.
  int in = -1, out = 1, err = 2;
};

/// How a guarded program ended.
struct CommandEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool timed_out = false;
  bool interrupted = false;
};

/// What a change made by a program's own code knows of its guard.
struct GuardedChange {
  const Site& site;
  const Created& backup;
  std::function<bool()> cancelled;                      ///< true: end soon, by an exception
  std::function<std::vector<CheckResult>()> check_now;  ///< the guard's checks, against the state before
  /// Runs a program as the guard would run its command. Throws Error for one that cannot be started only.
  std::function<CommandEnd(const GuardCommand&)> run;
};

/// Rows of one table that a roll-back took out of the database.
struct KeptTable {
  std::string table;
  std::uint64_t added = 0;    ///< since the backup
  std::uint64_t changed = 0;  ///< since the backup, as they were before the roll-back
};

struct KeptRows {
  std::filesystem::path file = {};  ///< SQL, root's alone; empty if there were none
  std::vector<KeptTable> tables = {};
  [[nodiscard]] std::uint64_t total() const;
};

/// "3 rows that have come since the backup are in FILE: wp_comments 2 added, wp_users 1 changed".
[[nodiscard]] std::string text_of(const KeptRows& kept);

/// A change that was kept; in GuardFailed, one that was not.
struct [[nodiscard]] GuardResult {
  std::string site;
  std::filesystem::path archive;  ///< of several stores, that which a roll-back takes first
  BackupType type = BackupType::full;
  std::optional<Created> backup;  ///< nothing after resume and abort
  /// By the order of GuardOptions::stores; look at their errors. After resume and abort: those that a roll-back takes
  /// it from, with their names and archives only.
  std::vector<Stored> stores;
  std::filesystem::path restored_from;  ///< of a roll-back: which archive it took
  std::optional<CommandEnd> command;    ///< nothing if the change was no program
  std::vector<CheckResult> checks;      ///< after the change
  bool rolled_back = false;
  std::vector<CheckResult> checks_after_roll_back;
  KeptRows kept_rows;
  std::vector<std::string> notes;  ///< for the user
  std::chrono::milliseconds elapsed{0};
};

/// Thrown when the change or a check failed: kind rolled_back (all that was backed up is as it was), or rollback_failed
/// (the hint says what to do by hand). An Error in every respect, with the facts beside it.
class GuardFailed : public Error {
 public:
  GuardFailed(const Error& error, GuardResult result);
  [[nodiscard]] const GuardResult& result() const noexcept { return result_; }

 private:
  GuardResult result_;
};

/// A guard that was killed between its backup and its end, or whose roll-back failed. Nothing is rolled back by itself.
struct PendingGuard {
  std::string site;
  std::filesystem::path archive;
  std::vector<std::filesystem::path> archives;  ///< of several stores: all that a roll-back may take, the first first
  std::string started;                          ///< RFC 3339
  std::string reason;
  std::string phase;         ///< "change", "check", "roll-back"
  bool running = false;      ///< not killed: another process is at work
  std::string problem = {};  ///< why nothing can be told: its journal is damaged
};

}  // namespace wobackup
