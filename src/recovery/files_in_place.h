// The files of a restore in place: staged beside the live ones, exchanged, taken back.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "in_place/restore_journal.h"
#include "snapshot/restore.h"
#include "wobackup/site.h"

namespace wobackup {

/// The site's folder and the stage in it, both held open: their names belong to the site's users. Every function that
/// exchanges may be called again after a kill.
class FilesInPlace {
 public:
  /// Makes an empty stage of root's in the site's folder, which may belong to the site's users: the descriptor and its
  /// identity count, not the name.
  static FilesInPlace make(const std::filesystem::path& site_path);
  /// Finds what a journal names. Throws Error rollback_failed if the stage is gone or another one.
  static FilesInPlace open(const std::filesystem::path& site_path, FileExchange exchange);

  [[nodiscard]] const FileExchange& exchange() const noexcept { return exchange_; }
  [[nodiscard]] int site_fd() const noexcept { return site_.get(); }
  [[nodiscard]] int stage_fd() const noexcept { return stage_.get(); }
  /// Before the exchange what was staged lies here, after it what was displaced.
  [[nodiscard]] std::filesystem::path stage_path() const { return site_path_ / exchange_.stage; }

  /// Restores the archive's files (all, or `include`: paths, no globs) into the stage, syncs them, and plans the
  /// exchange. `options` say how.
  [[nodiscard]] Restored stage(const std::filesystem::path& archive, RestoreOptions options,
                               const std::vector<std::string>& include, const RestoreEnvironment& environment);

  /// Each step is one rename; what was done already is left. Throws Error failed if somebody else has changed a name.
  void forward() const;
  /// The same, back. Throws Error rollback_failed, with what to do by hand.
  void back() const;
  /// After the exchange: whether there is anything in the stage. Sees to it that it has a htdocs then, so that it looks
  /// like a site's folder.
  [[nodiscard]] bool has_displaced() const;
  /// Removes the stage with all in it.
  void remove() const;

 private:
  FilesInPlace() = default;

  std::filesystem::path site_path_;
  FileExchange exchange_;
  UniqueFd site_;
  UniqueFd stage_;
};

/// Throws Error usage for globs and for paths that contain each other; the rest is tidied.
[[nodiscard]] std::vector<std::string> exchange_paths(const std::vector<std::string>& include);

}  // namespace wobackup
