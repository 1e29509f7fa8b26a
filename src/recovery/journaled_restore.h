// A restore in place as its journal tells of it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/file_lock.h"
#include "in_place/restore_journal.h"
#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"
#include "recovery/restore_in_place.h"
#include "snapshot/state_folder.h"
#include "wobackup/site.h"

namespace wobackup {

/// A journal and all that it names, under the site's lock.
class JournaledRestore {
 public:
  /// Throws Error not_found if there is no journal: nothing to `purpose` ("undo").
  JournaledRestore(const std::string& name, const char* purpose, const InPlaceEnvironment& environment,
                   std::chrono::seconds wait = std::chrono::seconds(0));

  /// Finds stage and database server again.
  void open();
  void enter(JournalPhase phase);
  /// Runs what changes the live site while its visitors are kept away. Also removes what a killed run left of that.
  void in_maintenance(const std::function<void()>& change);
  /// To its end.
  void forward();
  /// One that has come to its end: back.
  void undo();
  /// What is live stays, all else goes.
  void forget();

  RestoreJournal journal;
  Site site;  ///< as the catalog has it, or as far as its name and folder tell: it may not know it any more
  std::optional<FilesInPlace> files;
  std::optional<DatabaseInPlace> database;

 private:
  [[nodiscard]] bool has_stage() const;
  [[nodiscard]] DatabaseInPlace::Persist persist();

  const InPlaceEnvironment& environment_;
  StateFolder state_;
  FileLock lock_;
  JournalFile file_;
  bool went_forward_ = false;
};

}  // namespace wobackup
