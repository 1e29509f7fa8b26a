#include "recovery/live_borders.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"
#include "recovery/kept_paths.h"
#include "recovery/live_tree.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr const char* kHint = "restore with --target, or leave that part out with --include";

bool is_file_of_site(const ManifestEntry& listed) {
  return listed.entry.path != "vhost.json" && listed.entry.path != "databases" && listed.database.is_null();
}

std::vector<std::string> top_names(const ArchiveReader& archive) {
  std::set<std::string, std::less<>> names;
  archive.entries({[&](std::string_view path) { return !names.contains(path.substr(0, path.find('/'))); }},
                  [&](const ManifestEntry& listed) {
                    if (is_file_of_site(listed)) names.insert(listed.entry.path.substr(0, listed.entry.path.find('/')));
                  });
  return {names.begin(), names.end()};
}

// What the backup has at some paths.
class InBackup {
 public:
  void ask(const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      answers_[path.substr(0, slash)];
    }
    answers_[path];
  }
  void read(const ArchiveReader& archive) {
    const auto above = [](std::string_view path) { return path.substr(0, path.rfind('/') + 1); };  // with its slash
    const auto asked = [&](std::string_view path) {
      const std::string_view folder = above(path);
      return answers_.contains(path) || (!folder.empty() && answers_.contains(folder.substr(0, folder.size() - 1)));
    };
    archive.entries({asked}, [&](const ManifestEntry& listed) {
      const std::string_view path = listed.entry.path;
      if (const auto answer = answers_.find(path); answer != answers_.end()) answer->second.type = listed.entry.type;
      const std::string_view folder = above(path);
      if (folder.empty()) return;
      const auto answer = answers_.find(folder.substr(0, folder.size() - 1));
      if (answer != answers_.end()) answer->second.has_more = true;
    });
  }
  [[nodiscard]] bool has(const std::string& path) const { return answers_.at(path).type.has_value(); }
  [[nodiscard]] bool is_folder(const std::string& path) const {
    return answers_.at(path).type == EntryType::directory || has_entries(path);
  }
  [[nodiscard]] bool has_entries(const std::string& path) const { return answers_.at(path).has_more; }

 private:
  struct Answer {
    std::optional<EntryType> type;
    bool has_more = false;
  };
  std::map<std::string, Answer, std::less<>> answers_;
};

// The backup has nothing there, and nothing in the way.
bool stays(const LeftOut& left_out, const InBackup& backup) {
  const std::string& path = left_out.path;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string above = path.substr(0, slash);
    if (backup.has(above) && !backup.is_folder(above)) return false;
  }
  // A folder that only calls itself a cache is one if it did so when the backup was made.
  if (left_out.is_cache) return backup.is_folder(path) && !backup.has_entries(path);
  return !backup.has(path) && !backup.has_entries(path);
}

bool concerns(const std::string& at, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const std::string& path) { return is_in(at, path) || is_in(path, at); });
}

std::vector<FileIdentity> folders_above(int site_fd) {
  std::vector<FileIdentity> found;
  UniqueFd here(::openat(site_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  while (true) {
    const FileIdentity identity = identity_of(here.get());
    if (!found.empty() && found.back() == identity) return found;  // the root is its own parent
    found.push_back(identity);
    here.reset(::openat(here.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!here) throw system_error("cannot look at the folders above the site's", errno);
  }
}

class BorderSearch {
 public:
  BorderSearch(int site_fd, const ArchiveReader& archive, std::vector<std::string> wanted)
      : site_fd_(site_fd),
        archive_(archive),
        wanted_(wanted.empty() ? top_names(archive) : std::move(wanted)),
        live_(site_fd, concerns("htdocs", wanted_)),
        mounts_(live_.mounts()) {
    std::erase_if(mounts_, [this](const LiveTree::Mount& found) { return !concerns(found.at, wanted_); });
    std::sort(mounts_.begin(), mounts_.end(), [](const auto& one, const auto& other) { return one.at < other.at; });
  }

  LiveBorders run() {
    std::vector<LeftOut> left_out;
    const auto& header = archive_.header();
    if (header && (!header->exclude.empty() || header->exclude_caches)) {
      left_out = find_left_out(live_, wanted_, *header);
    }
    if (left_out.empty() && mounts_.empty() && !live_.linked_htdocs()) return {};
    for (const LeftOut& one : left_out) backup_.ask(one.path);
    for (const LiveTree::Mount& found : mounts_) backup_.ask(found.at);
    backup_.read(archive_);
    for (const LeftOut& one : left_out) {
      if (stays(one, backup_)) borders_.kept.push_back(one.path);
    }
    std::sort(borders_.kept.begin(), borders_.kept.end());
    if (live_.linked_htdocs()) add("htdocs", live_.open("htdocs", O_RDONLY | O_DIRECTORY));
    for (const LiveTree::Mount& found : mounts_) look_at(found);
    std::sort(borders_.further.begin(), borders_.further.end(),
              [](const StagingPlace& one, const StagingPlace& other) { return one.at < other.at; });
    require_apart();
    return std::move(borders_);
  }

 private:
  void look_at(const LiveTree::Mount& found) {
    const std::string& at = found.at;
    if (!borders_.further.empty() && borders_.further.back().at == at) return;  // mounted twice: the upper one
    if (std::any_of(borders_.kept.begin(), borders_.kept.end(), [&](const auto& kept) { return is_in(at, kept); })) {
      return;
    }
    UniqueFd folder = live_.open(at, O_RDONLY | O_DIRECTORY);
    if (!folder && (errno == ENOENT || errno == ELOOP)) return;  // another mount hides it
    const bool on_the_way =
        std::none_of(wanted_.begin(), wanted_.end(), [&](const auto& path) { return is_in(at, path); });
    if (!folder && on_the_way) return;
    if (!folder && errno != ENOTDIR) throw system_error(fmt::format("cannot open {}", printable(at)), errno);
    if (!folder) throw Error(ErrorKind::failed, fmt::format("{} is a mounted file", printable(at)), kHint);
    if (is_mount_root(folder.get()) == false) return;
    if (!on_the_way && !backup_.is_folder(at)) {
      throw Error(ErrorKind::failed,
                  fmt::format("{} is a mount, and the backup has {} there", printable(at),
                              backup_.has(at) ? "a file" : "nothing"),
                  "unmount it first; or restore with --target");
    }
    add(at, std::move(folder));
  }

  void add(const std::string& at, UniqueFd folder) {
    if (!folder) throw system_error(fmt::format("cannot open {}", printable(at)), errno);
    borders_.further.push_back({.at = at, .live = std::move(folder), .stage = {}});
  }

  // Whatever is exchanged must lie apart from all else that is: a mount may show a folder that is elsewhere in htdocs,
  // too, or one above it, and what happens to the one would happen to the other.
  void require_apart() const {
    std::vector<FileIdentity> known = folders_above(site_fd_);
    for (const StagingPlace& place : borders_.further) {
      const FileIdentity identity = identity_of(place.live.get());
      if (std::find(known.begin(), known.end(), identity) != known.end()) throw_not_apart(place.at);
      known.push_back(identity);
    }
    const std::vector<MountPoint> mounts = mount_points();
    std::vector<std::pair<std::string, PlaceInFileSystem>> trees;
    const auto add_tree = [&](const std::string& at, int fd) {
      if (auto place = place_in_file_system(real_path_of(fd), mounts)) trees.emplace_back(at, *std::move(place));
    };
    for (const StagingPlace& place : borders_.further) add_tree(place.at, place.live.get());
    const std::size_t places = trees.size();
    for (const std::string& path : wanted_) {
      if (const UniqueFd tree = live_.open(path, O_RDONLY | O_DIRECTORY)) add_tree(path, tree.get());
    }
    const auto site = place_in_file_system(real_path_of(site_fd_), mounts);
    for (std::size_t i = 0; i < places; ++i) {
      const auto& [at, place] = trees[i];
      if (site && site->device == place.device && is_in(site->path, place.path)) throw_not_apart(at);
      for (const auto& [other_at, other] : trees) {
        if (other_at != at && other.device == place.device && is_in(place.path, other.path)) throw_not_apart(at);
      }
    }
  }

  [[noreturn]] static void throw_not_apart(const std::string& at) {
    throw Error(ErrorKind::failed,
                fmt::format("{} leads to a folder that is exchanged under another name, too", printable(at)), kHint);
  }

  int site_fd_;
  const ArchiveReader& archive_;
  std::vector<std::string> wanted_;
  LiveTree live_;
  std::vector<LiveTree::Mount> mounts_;
  InBackup backup_;
  LiveBorders borders_;
};

}  // namespace

LiveBorders find_borders(int site_fd, const ArchiveReader& archive, const std::vector<std::string>& wanted) {
  return BorderSearch(site_fd, archive, wanted).run();
}

UniqueFd open_place(int site_fd, const std::string& at) {
  return LiveTree(site_fd, is_in(at, "htdocs")).open(at, O_RDONLY | O_DIRECTORY);
}

}  // namespace wobackup
