// A restore in place as its journal tells of it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "in_place/restore_journal.h"
#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"
#include "recovery/restore_in_place.h"
#include "snapshot/state_folder.h"
#include "wobackup/site.h"

namespace wobackup {

/// Whether a caller holds the site's lock already.
enum class SiteLock { take, held };
enum class Way { forward, back };

/// A journal and all that it names, under the site's lock.
class JournaledRestore {
 public:
  /// Throws Error not_found if there is no journal: nothing to `purpose` ("undo").
  JournaledRestore(const std::string& name, const char* purpose, const InPlaceEnvironment& environment,
                   SiteLock lock = SiteLock::take);

  /// Finds stage and database server again. Throws Error rollback_failed if the stage is gone or another one.
  void open();
  /// The same, but a stage that is gone is only said: for what removes it.
  void open_what_is_left();
  void enter(JournalPhase phase);
  /// Runs what changes the live site while its visitors are kept away. Also removes what a killed run left of that.
  /// Forward, visitors must be kept away, and nothing is begun if they cannot; the way back is never refused for that.
  void in_maintenance(Way way, const std::function<void()>& change);
  /// To its end.
  void forward();
  void forward_database();
  /// One that has come to its end: back.
  void undo();
  void undo_database();
  /// Logs, as warnings.
  void warn(const std::vector<std::string>& notes) const;
  /// What is live stays, all else goes.
  void forget();

  RestoreJournal journal;
  Site site;  ///< as the catalog has it, or as far as its name and folder tell: it may not know it any more
  std::optional<FilesInPlace> files;
  std::optional<DatabaseInPlace> database;

 private:
  void open_database();
  [[nodiscard]] DatabaseInPlace::Persist persist();

  const InPlaceEnvironment& environment_;
  StateFolder state_;
  std::optional<FileLock> lock_;
  JournalFile file_;
  bool went_forward_ = false;
};

}  // namespace wobackup
