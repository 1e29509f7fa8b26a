// Walks the files of a site in order of path.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "container/content.h"
#include "source/files/file_content.h"
#include "source/files/hard_links.h"
#include "source/files/path_pattern.h"
#include "source/files/sorted_names.h"

namespace wobackup {

/// How the folders begin in which a restore in place keeps what it stages or has displaced. Those of the running
/// user's, closed to others, belong to no site.
constexpr std::string_view kRestoreStagePrefix = ".wobackup-restore-";

/// One member as the walk finds it.
struct SourceMember {
  Entry entry;
  std::unique_ptr<Content> content;  ///< of a regular file
  bool keep_place = false;           ///< other members link to it: it must not be left out
  ContentProblem problem;            ///< it cannot even be looked at
};

/// What belongs to the walk. Paths are relative to the site's folder.
struct WalkOptions {
  std::vector<std::string> roots;  ///< "htdocs", "conf", "private/keys": what is taken, with all below
  std::vector<std::string> leave;  ///< exactly these paths are left out (config files that were stored before)
  std::vector<PathPattern> exclude;
  bool exclude_caches = false;      ///< folders marked by CACHEDIR.TAG, and htdocs/wp-content/cache
  std::vector<std::string> follow;  ///< links to follow, besides the roots themselves
  /// Folders that are taken from these descriptors (which outlive the walk) instead.
  std::map<std::string, int> elsewhere;
  std::optional<std::pair<dev_t, ino_t>> backup_root;  ///< a folder of backups that may lie inside: left out
  std::string replaced_path;  ///< a file whose bytes come from `replaced_fd` instead (empty: none)
  int replaced_fd = -1;
  std::uint64_t replaced_size_bytes = 0;
  bool attributes = true;  ///< false: only names, types and sizes are needed (a scan)

  std::function<void(std::string_view path, std::string what)> on_note;
  std::function<void(std::string_view path, std::string what)> on_unreadable;
  std::function<UniqueFd()> make_spool;  ///< an empty unnamed file, for very large folders
};

/// Gives the members in bytewise order of their whole paths; a folder comes before what it holds. Symbolic links are
/// never followed but where the options say so, and there only if root or the target's owner made the link. Used from
/// one thread; the contents it gives away are not.
class TreeWalker {
 public:
  /// `site` is the site's folder.
  TreeWalker(std::shared_ptr<const FileRoot> site, OwnerNames& names, WalkOptions options);
  ~TreeWalker();

  [[nodiscard]] std::optional<SourceMember> next();
  /// A single file of the site's folder, outside the walk's order.
  [[nodiscard]] SourceMember member(const std::string& path);

 private:
  struct Level;
  struct Found;

  [[nodiscard]] std::optional<SourceMember> visit(std::string_view name);
  void enter(std::string_view name);
  void leave_level();
  void list(Level& level);
  void add_name(Level& level, const std::string& name, unsigned char type);
  bool reopen(Level& level);

  [[nodiscard]] bool belongs(const std::string& path) const;
  [[nodiscard]] bool left_out(const std::string& path, bool is_directory) const;
  [[nodiscard]] bool is_cache_folder(int fd, const std::string& path) const;
  [[nodiscard]] bool is_followed(const std::string& path) const;
  [[nodiscard]] UniqueFd follow_link(int parent_fd, const std::string& name, const std::string& path);
  void describe(SourceMember& member, const Found& found);
  void describe_file(SourceMember& member, const Found& found);
  void describe_link(SourceMember& member, const Found& found);
  void describe_folder(SourceMember& member, const Found& found);
  void note_if_outside(const Found& found, const std::string& path);
  [[nodiscard]] std::size_t names_memory_left() const;

  OwnerNames& names_;
  WalkOptions options_;
  std::set<std::string> leave_;
  HardLinks hard_links_;
  bool hard_links_full_ = false;
  std::vector<std::unique_ptr<Level>> levels_;
  std::vector<std::shared_ptr<const FileRoot>> roots_;
  std::string path_;  // of the current level, with a slash at its end unless empty
};

/// Opens a root and notes its real path.
[[nodiscard]] std::shared_ptr<const FileRoot> file_root(UniqueFd fd);

}  // namespace wobackup
