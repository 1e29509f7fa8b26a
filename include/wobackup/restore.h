// Getting files back out of a backup.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wobackup/progress.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// What happens to a file that is there already. `if_newer`: it is replaced if the backup's is newer.
enum class Overwrite { always, if_newer, never };

[[nodiscard]] std::string_view name_of(Overwrite overwrite) noexcept;  ///< "always", "if-newer", "never"
[[nodiscard]] std::optional<Overwrite> overwrite_from(std::string_view word) noexcept;

/// How to restore to a folder.
struct RestoreOptions {
  std::filesystem::path target = {};  ///< absolute; made if it is missing
  /// Paths as `ls` shows them (a folder means all below it), or globs. Empty: everything.
  std::vector<std::string> include = {};
  std::vector<std::string> exclude = {};
  bool files = true;     ///< the site's files and vhost.json
  bool database = true;  ///< the dumps
  Overwrite overwrite = Overwrite::always;
  bool numeric_owner = false;  ///< numbers as stored, even if this machine knows the names
  bool dry_run = false;        ///< tells what would be restored; proves nothing
  bool salvage = false;        ///< goes on after damage, and tells what is lost
  ProgressCallback on_progress = {};
  std::function<bool()> cancelled = {};  ///< as in CreateOptions
};

/// The result of a restore that ended. `complete` is false if something that was wanted did not come back.
struct [[nodiscard]] Restored {
  std::filesystem::path archive;
  std::filesystem::path target;
  std::uint64_t entries = 0;  ///< restored, with folders and links
  std::uint64_t files = 0;    ///< of these, regular files
  std::uint64_t bytes = 0;    ///< logical bytes of them
  std::uint64_t skipped = 0;  ///< there already, and kept
  bool complete = true;
  std::vector<PathNote> missing;  ///< at most 1,000 are kept, `missing_count` has all
  std::uint64_t missing_count = 0;
  /// Of a salvage: what is wrong with the archive as a whole, if its end or its manifest is damaged: `missing` may then
  /// lack what nobody can tell. `complete` is false then.
  std::string damage;
  std::vector<PathNote> notes;  ///< the same
  std::uint64_t notes_count = 0;
  std::chrono::milliseconds elapsed{0};
};

/// How to restore a site in place. Of an archive that holds a part (ArchivePart), only what lies in that can be wanted;
/// all that it has means the part.
struct InPlaceOptions {
  bool files = true;  ///< all that the archive has, unless one of the two is false
  bool database = true;
  /// Paths as `ls` shows them, no globs: only these are exchanged, and the database is left alone.
  std::vector<std::string> include = {};
  /// Only these tables, with their triggers; the files are left alone.
  std::vector<std::string> tables = {};
  /// Takes an archive, too, that is not the one which was made here under its name.
  bool accept_changed = false;
  bool shared = false;  ///< also a database that other sites use
  /// Takes an archive, too, of another site, or one that does not say whose it is: the site becomes a copy of that, and
  /// keeps its own database login.
  bool other_site = false;
  /// Where the login may not make a database beside the live one: loads the dump straight into that, under maintenance
  /// and after a backup of it, from which it is loaded back if anything fails. Not a moment's exchange: visitors
  /// without WordPress' maintenance page see a half-loaded database meanwhile.
  bool live_load = false;
  /// Goes on where visitors cannot be kept away: somebody else's maintenance page, or something that is none in its
  /// place. For a way back, which must not be held up by what it takes back.
  bool despite_maintenance = false;
  bool check = true;             ///< take everything back if the site does not run afterwards and did before
  std::chrono::seconds wait{0};  ///< as in CreateOptions
  ProgressCallback on_progress = {};
  std::function<bool()> cancelled = {};
};

/// What an archive holds that was made of what a restore of a part had displaced. All else of the site was never in it.
struct ArchivePart {
  std::vector<std::string> paths;   ///< in the site's folder
  std::vector<std::string> tables;  ///< of its database
};

/// What an archive says of itself, which may be a lie: `recorded` archives apart, anybody could have made it.
struct ArchiveOrigin {
  std::optional<std::string> site;       ///< a valid name; nothing if it does not say
  std::string time;                      ///< of the backup, as it stands there; may be empty
  std::optional<ArchivePart> part = {};  ///< nothing: it is a backup of the site
};

/// How long to wait for another run on the same site. `cancelled` as in CreateOptions.
struct LockWait {
  std::chrono::seconds longest{0};
  std::function<bool()> cancelled = {};
};

/// A restore in place that was done. What was displaced is kept until it is undone or finished.
struct [[nodiscard]] RestoredInPlace {
  Restored staged;                     ///< files
  std::vector<std::string> exchanged;  ///< paths in the site's folder
  std::string database;                ///< that got its content back; empty if none did
  /// The backup with what was in the database before, if the dump was loaded straight into it.
  std::optional<std::filesystem::path> safety_archive;
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  std::optional<std::string> wordpress;  ///< the version of the WordPress that loaded afterwards
  std::optional<int> http_status;        ///< of the front page
  std::vector<std::string> notes;        ///< for the user
  std::chrono::milliseconds elapsed{0};
};

/// A restore in place that has left something behind: `interrupted`, or done and not finished yet; or one that another
/// process is at work on, `running`.
struct PendingRestore {
  std::string site;
  std::string archive;
  std::string started;  ///< RFC 3339
  bool interrupted = false;
  /// Whether something live was exchanged already, or may have been.
  bool swapping = false;
  std::string problem = {};  ///< why nothing can be told: its journal is damaged
  /// Taken back already; what it had brought is kept.
  bool undone = false;
  bool running = false;  ///< not interrupted: somebody restores, undoes or finishes it now
  /// "staging" (nothing live was touched), "swapping", "done", "undoing", "undone", "removing" (what is kept; what is
  /// live stays). Of an interrupted one: in which it was.
  std::string phase = {};
};

}  // namespace wobackup
