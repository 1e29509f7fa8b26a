// What a restore in place has done, and is about to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/synced_json.h"
#include "in_place/file_exchange.h"
#include "in_place/file_identity.h"
#include "wobackup/json.h"

namespace wobackup {

/// `staging`: nothing live was touched. `swapping`: some of the steps are taken, which ones the files and the server
/// tell. `done`: all are, and stage and safety hold what was displaced. `undoing`: on the way back. `undone`: all
/// is back, and stage and `undone` hold what the restore had brought. `removing`: what is
/// live stays so, and stage, shadow and safety are being removed: what they hold says nothing any more.
enum class JournalPhase { staging, swapping, done, undoing, undone, removing };

[[nodiscard]] std::string_view name_of(JournalPhase phase) noexcept;

/// A dump in an archive, from which a database can be made.
struct KeptDump {
  std::string archive;  ///< its path; empty: there is none yet
  std::string sha256;   ///< of the dump in it, in hex: the folder may belong to the site
};

/// A database that cannot be exchanged, since none can be made beside it: dumps are loaded straight into it.
struct LiveLoad {
  KeptDump wanted;          ///< what the restore brings
  KeptDump safety;          ///< what was live before it
  KeptDump undone;          ///< what was live before its undoing
  bool begun = false;       ///< live may hold anything
  bool loaded = false;      ///< `wanted` is live, whole
  bool taken_back = false;  ///< by an undo: `safety` is, whole
};

/// One database that is exchanged with a shadow on the same server.
struct DatabaseExchange {
  std::string live, shadow, safety;
  std::vector<std::string> only_tables;             ///< empty: everything
  bool by_admin = true;                             ///< else by the site's own login, which is then here:
  std::string user, password, host;                 ///< host as DB_HOST
  std::string definer;                              ///< user@host who shall own views, routines, triggers and events
  std::map<std::string, std::string> event_status;  ///< what the dump says of events that were loaded switched off
  Json foreign_views;  ///< null, or a list of target/swap's: views that are made in live alone
  Json saved;          ///< what the way back needs, from target/swap; null: not begun
  std::string undone;  ///< where an undo puts what it takes out of live
  Json undo_saved;
  std::optional<LiveLoad> live_load;  ///< instead of all that: there are no other databases then
};

/// When a folder had been changed before the restore put its maintenance file there.
struct FolderTime {
  FileIdentity folder;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
};

struct RestoreJournal {
  std::string site;
  std::filesystem::path site_path;
  std::optional<unsigned> owner;  ///< whom the live site belonged to before; as him its code runs
  std::string archive;
  std::string started;  ///< RFC 3339
  JournalPhase phase = JournalPhase::staging;
  std::vector<FolderTime> folder_times;
  std::optional<FileExchange> files;
  std::optional<DatabaseExchange> database;
};

/// The journal of one site's restore, in the state folder, which only root can write. Written whole, synced, before
/// each phase begins, so that after a kill it tells at least what was begun. Used under the site's lock.
class JournalFile {
 public:
  JournalFile(const std::filesystem::path& state_dir, const std::string& site);
  /// Throws Error failed for a journal that cannot be understood: then nobody may guess.
  [[nodiscard]] std::optional<RestoreJournal> load() const;
  void save(const RestoreJournal& journal) const;
  /// Synced, too.
  void remove() const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_.path(); }

 private:
  SyncedJson file_;
};

}  // namespace wobackup
