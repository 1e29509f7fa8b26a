// What a restore in place has done, and is about to do.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "in_place/file_identity.h"

namespace wobackup {

/// One name that is exchanged.
struct SwapStep {
  std::string path;     ///< relative to the site's folder: "htdocs", "wp-config.php"; the same in the stage
  FileIdentity staged;  ///< what comes
  std::optional<FileIdentity> live;  ///< what goes; nothing: the name was free
};

/// `staging`: nothing live was touched. `swapping`: some of the steps are taken, which ones the files tell. `done`: all
/// are, and the stage holds what was displaced. `undoing`: on the way back.
enum class JournalPhase { staging, swapping, done, undoing };

struct RestoreJournal {
  std::string site;
  std::filesystem::path site_path;
  std::string archive;
  std::string started;  ///< RFC 3339
  std::string stage;    ///< the folder's name in the site's folder
  FileIdentity stage_identity;
  JournalPhase phase = JournalPhase::staging;
  std::vector<SwapStep> steps;
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
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wobackup
