// The files of a restore in place: staged beside the live ones, exchanged, taken back.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "in_place/restore_journal.h"
#include "recovery/room_plan.h"
#include "recovery/staging_place.h"
#include "snapshot/restore.h"
#include "store/archive/archive_reader.h"
#include "wobackup/site.h"

namespace wobackup {

/// The site's folder and the stage in it, and those of further places, all held open: their names belong to the site's
/// users. Every function that exchanges may be called again after a kill.
class FilesInPlace {
 public:
  /// Makes an empty stage of root's in the site's folder, which may belong to the site's users: the descriptor and its
  /// identity count, not the name.
  static FilesInPlace make(const std::filesystem::path& site_path);
  /// Finds what a journal names. Throws Error rollback_failed if the stage is gone or another one.
  static FilesInPlace open(const std::filesystem::path& site_path, FileExchange exchange);
  /// The same for whoever only removes it: a stage in the site's folder that is gone stays gone; nothing if the site's
  /// folder is.
  static std::optional<FilesInPlace> open_what_is_left(const std::filesystem::path& site_path, FileExchange exchange);

  [[nodiscard]] const FileExchange& exchange() const noexcept { return exchange_; }
  [[nodiscard]] bool has_stage() const noexcept { return static_cast<bool>(places_.front().stage); }
  /// Whether anything of what was staged is live, as far as the live names tell.
  [[nodiscard]] bool any_is_live() const;
  [[nodiscard]] int site_fd() const noexcept { return places_.front().live.get(); }
  [[nodiscard]] int stage_fd() const noexcept { return places_.front().stage.get(); }
  /// Before the exchange what was staged lies here, after it what was displaced; but that of further places.
  [[nodiscard]] std::filesystem::path stage_path() const { return site_path_ / exchange_.stage; }

  /// Restores the archive's files (all, or `include`: paths, no globs) into the stages, syncs them, and plans the
  /// exchange. `options` say how. `persist` is called before there is a stage in a further place: the journal must name
  /// it. Throws Error failed for live files that cannot be exchanged, before anything is staged.
  [[nodiscard]] Restored stage(const std::filesystem::path& archive, RestoreOptions options,
                               const std::vector<std::string>& include, const RestoreEnvironment& environment,
                               const std::function<void()>& persist = {});
  /// What is exchanged, as it was asked for.
  [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return wanted_; }
  /// Plans again: in folders that stay, names may have come and gone while all else was prepared.
  void refresh();

  /// Each step is one rename; what was done already is left. Throws Error failed if somebody else has changed a name.
  void forward() const;
  /// The same, back. Throws Error rollback_failed, with what to do by hand.
  void back() const;
  /// When everything was done and shall be taken back: `back` then takes away also what has come to the folders that
  /// stay. The journal must have the exchange before `back` is called.
  void plan_undo();
  /// The times that folders which stay have by `forward` (or `back`), for whoever changes them besides.
  [[nodiscard]] std::vector<FolderTime> times(bool forward) const;
  /// Sentences about what stays in place.
  [[nodiscard]] std::vector<std::string> notes() const;

  /// After the exchange: whether there is anything in the stages. Sees to it that the first one has a htdocs then, so
  /// that it looks like a site's folder, and folders where those of `displaced_elsewhere` belong.
  [[nodiscard]] bool has_displaced() const;
  /// If a part of the site was exchanged: which of its paths are in the stages now.
  [[nodiscard]] std::vector<std::string> displaced_paths() const;
  /// The folders in further stages that belong into the first one at these paths.
  [[nodiscard]] std::vector<std::pair<std::string, UniqueFd>> displaced_elsewhere() const;
  /// Removes the stages with all in them.
  void remove() const;

 private:
  FilesInPlace() = default;
  void open_further();
  void add_places(const std::filesystem::path& archive, const RestoreEnvironment& environment,
                  const std::vector<std::string>& include);
  void make_stages(const std::function<void()>& persist);
  void require_places() const;

  std::filesystem::path site_path_;
  FileExchange exchange_;
  std::vector<StagingPlace> places_;  // as in exchange_: the site's folder, then exchange_.further
  std::vector<std::string> wanted_;
};

/// Adds what staging the archive's files (all, or `include`) would write: beside the live ones in the site's folder and
/// in further places; above the site's folder if that is gone. Another program's archive tells nothing of this. Throws
/// Error not_found for a path that the archive does not have.
void plan_room_for_files(const std::filesystem::path& site_path, const ArchiveReader& archive,
                         const std::vector<std::string>& include, RoomPlan& room);

/// Throws Error usage for globs and for paths that contain each other; the rest is tidied.
[[nodiscard]] std::vector<std::string> exchange_paths(const std::vector<std::string>& include);
/// What is exchanged in this site for such paths: they themselves, or the uppermost missing folder above. Throws Error
/// failed for a way that leads through a link or a file.
[[nodiscard]] std::vector<std::string> exchanged_for(int site_fd, const std::vector<std::string>& include);

}  // namespace wobackup
