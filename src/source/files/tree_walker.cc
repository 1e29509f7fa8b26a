#include "source/files/tree_walker.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "source/files/attributes.h"

namespace wobackup {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t kOpenLevels = 64;                           // deeper folders are reopened when needed
constexpr std::size_t kNamesBytes = std::size_t{24} << 20U;       // of all folders on the way together
constexpr std::size_t kLeastNamesBytes = std::size_t{64} << 10U;  // of one folder
constexpr std::size_t kLongestPath = 65536;

std::string real_path_of(int fd) {
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path.data(), path.size());
  path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return path;
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/' || folder == "/");
}

EntryType type_of(mode_t mode) {
  if (S_ISDIR(mode)) return EntryType::directory;
  if (S_ISLNK(mode)) return EntryType::symlink;
  if (S_ISFIFO(mode)) return EntryType::fifo;
  if (S_ISCHR(mode)) return EntryType::character_device;
  if (S_ISBLK(mode)) return EntryType::block_device;
  return EntryType::file;
}

// What a restore in place keeps inside a mount: root's, and nobody else's.
bool is_restore_stage(int folder_fd, const std::string& name) {
  if (!name.starts_with(kRestoreStagePrefix)) return false;
  struct stat status {};
  return ::fstatat(folder_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & 077U) == 0;
}

}  // namespace

// A folder on the way from the site's folder to the current one.
struct TreeWalker::Level {
  Level(std::shared_ptr<const FileRoot> root_in, UniqueFd fd_in, std::string path_in_root_in, SortedNames names_in)
      : root(std::move(root_in)),
        fd(std::move(fd_in)),
        path_in_root(std::move(path_in_root_in)),
        names(std::move(names_in)) {}
  std::shared_ptr<const FileRoot> root;
  UniqueFd fd;
  std::string path_in_root;  // with a slash at its end unless empty
  SortedNames names;
  std::size_t path_length = 0;  // of the walk's path without this level
  bool opens_root = false;
  dev_t device = 0;
  ino_t inode = 0;
};

// A name and what lstat says of it.
struct TreeWalker::Found {
  const Level& level;
  std::string name;
  struct stat status {};
};

std::shared_ptr<const FileRoot> file_root(UniqueFd fd) {
  auto root = std::make_shared<FileRoot>();
  root->fd = std::move(fd);
  root->real_path = real_path_of(root->fd.get());
  return root;
}

TreeWalker::TreeWalker(std::shared_ptr<const FileRoot> site, OwnerNames& names, WalkOptions options)
    : names_(names), options_(std::move(options)), leave_(options_.leave.begin(), options_.leave.end()) {
  UniqueFd fd(::openat(site->fd.get(), ".", kFolderFlags));
  if (!fd) throw system_error(fmt::format("cannot read {}", site->real_path), errno);
  levels_.push_back(std::make_unique<Level>(site, std::move(fd), "", SortedNames(kNamesBytes, options_.make_spool)));
  roots_.push_back(std::move(site));
  list(*levels_.back());
}

TreeWalker::~TreeWalker() = default;

std::optional<SourceMember> TreeWalker::next() {
  while (!levels_.empty()) {
    const std::optional<std::string_view> name = levels_.back()->names.next();
    if (!name) {
      leave_level();
      continue;
    }
    if (!reopen(*levels_.back())) {
      options_.on_note(path_, "was moved while it was read; the rest of it is missing");
      leave_level();
      continue;
    }
    if (name->ends_with('/')) {
      enter(name->substr(0, name->size() - 1));
    } else if (auto member = visit(*name)) {
      return member;
    }
  }
  return std::nullopt;
}

SourceMember TreeWalker::member(const std::string& path) {
  SourceMember member;
  Level site(roots_.front(), UniqueFd(::dup(roots_.front()->fd.get())), "", SortedNames(0, {}));
  Found found{site, path, {}};
  member.entry.path = path;
  if (::fstatat(site.fd.get(), path.c_str(), &found.status, AT_SYMLINK_NOFOLLOW) != 0) {
    member.problem = {errno == ENOENT ? ContentProblem::Kind::vanished : ContentProblem::Kind::unreadable,
                      errno_text(errno)};
    return member;
  }
  describe(member, found);
  return member;
}

// Deep trees would need a descriptor for each level, so only the first ones stay open.
bool TreeWalker::reopen(Level& level) {
  if (level.fd) return true;
  const std::string path =
      level.path_in_root.empty() ? "." : level.path_in_root.substr(0, level.path_in_root.size() - 1);
  level.fd = open_beneath(level.root->fd.get(), path, kFolderFlags);
  struct stat status {};
  return level.fd && ::fstat(level.fd.get(), &status) == 0 && status.st_dev == level.device &&
         status.st_ino == level.inode;
}

void TreeWalker::leave_level() {
  path_.resize(levels_.back()->path_length);
  if (levels_.back()->opens_root) roots_.pop_back();
  levels_.pop_back();
}

std::size_t TreeWalker::names_memory_left() const {
  std::size_t used = 0;
  for (const auto& level : levels_) used += level->names.memory_bytes();
  return std::max(kLeastNamesBytes, kNamesBytes - std::min(kNamesBytes, used));
}

// Folders give two names: "name" for the folder itself and "name/" for what it holds. Sorted, they bring all paths of
// the tree in bytewise order ("a", "a-b", "a/c").
void TreeWalker::add_name(Level& level, const std::string& name, unsigned char type) {
  const std::string path = path_ + name;
  if (is_restore_stage(level.fd.get(), name)) return;
  bool is_directory = type == DT_DIR;
  if (type == DT_UNKNOWN) {
    struct stat status {};
    is_directory =
        ::fstatat(level.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  }
  if (!belongs(path) || leave_.contains(path) || left_out(path, is_directory)) return;
  level.names.add(name);
  if (is_directory || is_followed(path)) level.names.add(name + "/");
}

void TreeWalker::list(Level& level) {
  struct stat status {};
  if (::fstat(level.fd.get(), &status) == 0) {
    level.device = status.st_dev;
    level.inode = status.st_ino;
  }
  const int listing_fd = ::openat(level.fd.get(), ".", kFolderFlags);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(listing_fd < 0 ? nullptr : ::fdopendir(listing_fd), ::closedir);
  if (!listing) {
    options_.on_unreadable(path_, errno_text(errno));
    return;
  }
  while (true) {
    errno = 0;
    const dirent* item = ::readdir(listing.get());
    if (item == nullptr) break;
    const std::string name = item->d_name;
    if (name != "." && name != "..") add_name(level, name, item->d_type);
  }
  if (errno != 0) options_.on_unreadable(path_, errno_text(errno));
  level.names.sort();
}

bool TreeWalker::belongs(const std::string& path) const {
  return std::any_of(options_.roots.begin(), options_.roots.end(),
                     [&](const std::string& root) { return is_below(path, root) || is_below(root, path); });
}

bool TreeWalker::left_out(const std::string& path, bool is_directory) const {
  return std::any_of(options_.exclude.begin(), options_.exclude.end(),
                     [&](const PathPattern& pattern) { return pattern.matches(path, is_directory); });
}

bool TreeWalker::is_followed(const std::string& path) const {
  const auto named = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), path) != list.end();
  };
  return named(options_.roots) || named(options_.follow);
}

bool TreeWalker::is_cache_folder(int fd, const std::string& path) const {
  if (!options_.exclude_caches) return false;
  if (path == "htdocs/wp-content/cache") return true;
  constexpr std::string_view kSignature = "Signature: 8a477f597d28d172789f06886806bc55";
  const UniqueFd tag(::openat(fd, "CACHEDIR.TAG", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::string content(kSignature.size(), '\0');
  return tag && ::read(tag.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
         content == kSignature;
}

// A link made by the owner of what it points to, or by root, may be followed; one that a site's user made to a folder
// of root's would put that folder into the site's backup.
UniqueFd TreeWalker::follow_link(int parent_fd, const std::string& name, const std::string& path) {
  struct stat link {
  }, target{};
  if (::fstatat(parent_fd, name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0) return UniqueFd();
  UniqueFd fd(::openat(parent_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || !S_ISLNK(link.st_mode)) return fd;
  if (::fstat(fd.get(), &target) != 0) return UniqueFd();
  if (link.st_uid != 0 && link.st_uid != ::geteuid() && link.st_uid != target.st_uid) {
    options_.on_unreadable(path,
                           "is a link to a folder of another owner, and root did not make it: it is not followed");
    errno = 0;
    return UniqueFd();
  }
  return fd;
}

void TreeWalker::enter(std::string_view name) {
  Level& parent = *levels_.back();
  const std::string name_text(name);
  const std::string path = path_ + name_text;
  UniqueFd fd(::openat(parent.fd.get(), name_text.c_str(), kFolderFlags));
  bool opens_root = false;
  if (const auto place = options_.elsewhere.find(path); place != options_.elsewhere.end()) {
    fd.reset(::openat(place->second, ".", kFolderFlags));
    opens_root = static_cast<bool>(fd);
  } else if (!fd && is_followed(path)) {
    fd = follow_link(parent.fd.get(), name_text, path);
    opens_root = static_cast<bool>(fd);
  }
  // Whatever keeps it from being opened was told of when the folder itself was visited.
  if (!fd || is_cache_folder(fd.get(), path)) return;
  if (path.size() > kLongestPath) {
    options_.on_unreadable(path, "is nested too deeply");
    return;
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || options_.backup_root == std::pair{status.st_dev, status.st_ino}) return;
  for (const auto& level : levels_) {
    if (level->device == status.st_dev && level->inode == status.st_ino) {
      options_.on_note(path, "leads back to a folder above it; it is not followed");
      return;
    }
  }
  std::shared_ptr<const FileRoot> root = parent.root;
  std::string path_in_root = parent.path_in_root + name_text + "/";
  if (opens_root) {
    root = file_root(UniqueFd(::dup(fd.get())));
    roots_.push_back(root);
    path_in_root.clear();
  }
  if (levels_.size() > kOpenLevels) parent.fd.reset();
  auto level = std::make_unique<Level>(std::move(root), std::move(fd), std::move(path_in_root),
                                       SortedNames(names_memory_left(), options_.make_spool));
  level->path_length = path_.size();
  level->opens_root = opens_root;
  path_ = path + "/";
  levels_.push_back(std::move(level));
  list(*levels_.back());
}

std::optional<SourceMember> TreeWalker::visit(std::string_view name) {
  const Level& level = *levels_.back();
  Found found{level, std::string(name), {}};
  SourceMember member;
  member.entry.path = path_ + found.name;
  if (::fstatat(level.fd.get(), found.name.c_str(), &found.status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) {
      options_.on_note(member.entry.path, "vanished before it was read");
      return std::nullopt;
    }
    member.problem = {ContentProblem::Kind::unreadable, errno_text(errno)};
    return member;
  }
  if (S_ISSOCK(found.status.st_mode)) {
    options_.on_note(member.entry.path, "is a socket; it is left out");
    return std::nullopt;
  }
  if (options_.backup_root == std::pair{found.status.st_dev, found.status.st_ino}) return std::nullopt;
  describe(member, found);
  return member;
}

void TreeWalker::describe(SourceMember& member, const Found& found) {
  Entry& entry = member.entry;
  entry.type = type_of(found.status.st_mode);
  set_status(entry, found.status, names_);
  if (entry.type == EntryType::symlink && is_followed(entry.path)) entry.type = EntryType::directory;
  if (!options_.attributes) return;
  if (entry.type == EntryType::file) describe_file(member, found);
  if (entry.type == EntryType::symlink) describe_link(member, found);
  if (entry.type == EntryType::directory) describe_folder(member, found);
}

void TreeWalker::describe_file(SourceMember& member, const Found& found) {
  Entry& entry = member.entry;
  if (!options_.replaced_path.empty() && entry.path == options_.replaced_path) {
    entry.size = options_.replaced_size_bytes;
    member.content = std::make_unique<CopiedContent>(options_.replaced_fd, options_.replaced_size_bytes);
    return;
  }
  auto content = std::make_unique<FileContent>(found.level.root, found.level.path_in_root + found.name, names_);
  if (found.status.st_nlink > 1) {
    if (auto first = hard_links_.first_of(found.status.st_dev, found.status.st_ino)) {
      entry.type = EntryType::hardlink;
      entry.link = std::move(*first);
      entry.size = 0;
      return;
    }
    // Others will refer to it: it is held open, so that it cannot vanish before its turn.
    if (!hard_links_full_ && !content->hold()) {
      member.keep_place = true;
      if (!hard_links_.remember(found.status.st_dev, found.status.st_ino, found.status.st_nlink, entry.path)) {
        hard_links_full_ = true;
        options_.on_note(entry.path, "there are too many hard links; the rest are stored as files of their own");
      }
    }
  }
  member.content = std::move(content);
}

void TreeWalker::describe_link(SourceMember& member, const Found& found) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(found.level.fd.get(), found.name.c_str(), target.data(), target.size());
  if (size < 0) {
    member.problem = {
        errno == ENOENT || errno == EINVAL ? ContentProblem::Kind::vanished : ContentProblem::Kind::unreadable,
        errno == ENOENT || errno == EINVAL ? "vanished before it was read" : errno_text(errno)};
    return;
  }
  target.resize(static_cast<std::size_t>(size));
  member.entry.link = std::move(target);
  note_if_outside(found, member.entry.path);
}

// The content behind such a link is not in the backup, which its owner should know.
void TreeWalker::note_if_outside(const Found& found, const std::string& path) {
  const UniqueFd target(::openat(found.level.fd.get(), found.name.c_str(), O_PATH | O_CLOEXEC));
  if (!target) return;
  const std::string real = real_path_of(target.get());
  const bool inside =
      std::any_of(roots_.begin(), roots_.end(), [&](const auto& root) { return is_below(real, root->real_path); });
  struct stat status {};
  if (inside || ::fstat(target.get(), &status) != 0) return;
  const bool folder = S_ISDIR(status.st_mode);
  if (!folder && !S_ISREG(status.st_mode)) return;
  options_.on_note(path, fmt::format("is a link to the {} {} outside the site: stored as a link, its content is not in "
                                     "the backup{}",
                                     folder ? "folder" : "file", printable(real),
                                     folder ? " (the setting \"follow\" includes it)" : ""));
}

void TreeWalker::describe_folder(SourceMember& member, const Found& found) {
  const auto place = options_.elsewhere.find(member.entry.path);
  UniqueFd fd(place != options_.elsewhere.end() ? ::openat(place->second, ".", kFolderFlags)
                                                : ::openat(found.level.fd.get(), found.name.c_str(), kFolderFlags));
  if (!fd && S_ISLNK(found.status.st_mode)) fd = follow_link(found.level.fd.get(), found.name, member.entry.path);
  if (!fd) {
    if (errno == ENOENT) {
      options_.on_note(member.entry.path, "vanished before it was read");
    } else if (errno != 0) {
      options_.on_unreadable(member.entry.path, errno_text(errno));
    }
    return;
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0) set_status(member.entry, status, names_);
  const std::string error = set_attributes(member.entry, fd.get());
  if (!error.empty()) options_.on_unreadable(member.entry.path, error);
}

}  // namespace wobackup
