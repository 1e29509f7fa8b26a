// What a guard is doing, for whoever comes after it was killed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/synced_json.h"
#include "guard/guard_stores.h"
#include "wobackup/guard.h"
#include "wobackup/json.h"
#include "wobackup/site.h"

namespace wobackup {

/// `change`: the backup is made, the change may have begun. `check`: the change has ended well. `roll_back`: what was
/// backed up is being restored; how far, the restore's own journal tells.
enum class GuardPhase { change, check, roll_back };

/// "change", "check", "roll-back"
[[nodiscard]] std::string_view name_of(GuardPhase phase) noexcept;

/// Who may do what with a folder.
struct FolderRights {
  unsigned mode = 0;  ///< the twelve bits
  unsigned uid = 0;
  unsigned gid = 0;
};

struct GuardJournal {
  Site site;  ///< as it was; the catalog may know it no more. Without its password
  /// Of the backup, by the order in which a roll-back tries them; one at least.
  std::vector<GuardCopy> copies;
  BackupType type = BackupType::full;
  std::string reason;
  std::string started;  ///< RFC 3339
  GuardPhase phase = GuardPhase::change;
  std::string problem;  ///< why it is rolled back; empty if it is not known
  bool shared = false;
  bool live_load = false;
  bool runs_before = true;             ///< the checks saw nothing wrong before the change
  std::vector<std::string> checks;     ///< as text_of
  Json before = Json::array();         ///< what they saw, one for each
  std::vector<std::string> keep_rows;  ///< globs
  std::string table_prefix;
  /// Whether WordPress' own .maintenance was there.
  bool maintenance_before = false;
  /// The site's folder itself, which is in no backup.
  std::optional<FolderRights> folder = {};

  [[nodiscard]] const std::filesystem::path& archive() const { return copies.front().archive; }
  /// The copy that this is; null if none is.
  [[nodiscard]] const GuardCopy* copy_of(const std::filesystem::path& archive) const;
};

/// One file for each site in the state folder, which only root can write to. There is none before the change begins:
/// until then nothing is to be decided. Used under the site's GuardLock, but for `load`.
class GuardJournalFile {
 public:
  /// REQUIRES: `site` is a valid host name.
  GuardJournalFile(const std::filesystem::path& state_dir, const std::string& site);
  /// Throws Error failed for a journal that cannot be understood: then nobody may guess.
  [[nodiscard]] std::optional<GuardJournal> load() const;
  void save(const GuardJournal& journal) const;
  void remove() const;

 private:
  SyncedJson file_;
};

}  // namespace wobackup
