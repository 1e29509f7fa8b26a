#include "recovery/files_in_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "in_place/mount_points.h"
#include "recovery/in_place_plan.h"
#include "recovery/live_borders.h"
#include "recovery/swap_plan.h"
#include "snapshot/restore_totals.h"
#include "snapshot/selection.h"
#include "target/files/target_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostNotes = 20;

// A path among globs: it stands for itself.
std::string literal(const std::string& path) {
  if (path.find_first_of("*?[") == std::string::npos) return path;
  std::string glob;
  for (const char byte : path) {
    if (std::string_view("*?[]\\").find(byte) != std::string_view::npos) glob += '\\';
    glob += byte;
  }
  return glob;
}

bool is_below(const std::string& path, const std::string& folder) { return path.starts_with(folder + "/"); }

// What of the archive belongs into one place's stage: paths that are wanted (nothing: all), and what is not.
struct Share {
  std::vector<std::string> include, exclude;
  bool empty = false;
};

Share share_of(const std::vector<StagingPlace>& places, std::size_t index, const std::vector<std::string>& wanted) {
  const std::string& at = places[index].at;
  Share share;
  const bool whole = index > 0 && (wanted.empty() || std::any_of(wanted.begin(), wanted.end(),
                                                                 [&](const auto& path) { return is_in(at, path); }));
  if (whole) {
    share.include.push_back(literal(at));
  } else {
    for (const std::string& path : wanted) {
      const bool elsewhere = std::any_of(places.begin() + 1, places.end(), [&](const auto& p) { return p.at == path; });
      if (!elsewhere && place_of_entry(places, path) == index) share.include.push_back(path);
    }
    share.empty = share.include.empty() && (index > 0 || !wanted.empty());
  }
  for (const StagingPlace& other : places) {
    if (is_below(other.at, at) || (at.empty() && !other.at.empty())) share.exclude.push_back(literal(other.at));
  }
  return share;
}

// What of an archive's files is restored into one place.
RestoreOptions staging_options(RestoreOptions options, Share share) {
  options.database = false;
  options.include = std::move(share.include);
  options.exclude = std::move(share.exclude);
  options.exclude.emplace_back("vhost.json");
  return options;
}

// Folders above it that are missing live come with it, as they are in the backup.
std::string with_missing_folders(int site_fd, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    std::string above = path.substr(0, slash);
    if (open_place(site_fd, above)) continue;
    if (errno == ENOENT) return above;
    if (errno == ELOOP || errno == ENOTDIR) {
      throw Error(ErrorKind::failed, fmt::format("{} is no folder in the site but a link or a file", printable(above)),
                  fmt::format("restore {} itself, or restore with --target", printable(above)));
    }
    throw system_error(fmt::format("cannot open {}", printable(above)), errno);
  }
  return path;
}

void add_to(Restored& all, Restored&& part) {
  all.archive = std::move(part.archive);
  all.entries += part.entries;
  all.files += part.files;
  all.bytes += part.bytes;
  all.skipped += part.skipped;
  all.complete = all.complete && part.complete;
  for (auto& missing : part.missing) all.missing.push_back(std::move(missing));
  all.missing_count += part.missing_count;
  for (auto& note : part.notes) all.notes.push_back(std::move(note));
  all.notes_count += part.notes_count;
  all.elapsed += part.elapsed;
}

}  // namespace

void plan_room_for_files(const std::filesystem::path& site_path, const ArchiveReader& archive,
                         const std::vector<std::string>& include, RoomPlan& room) {
  if (archive.container() == nullptr) return;
  std::vector<StagingPlace> places(1);
  std::filesystem::path folder = site_path;
  while (!(places[0].live = UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))) && errno == ENOENT &&
         folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  if (!places[0].live) throw system_error("cannot open " + printable(folder.string()), errno);
  if (folder == site_path) {
    places[0].live = open_trusted_directory(site_path, false);
    for (StagingPlace& place : find_borders(places[0].live.get(), archive, include).further) {
      places.push_back(std::move(place));
    }
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    Share share = share_of(places, i, include);
    if (share.empty) continue;
    const RestoreOptions options = staging_options({}, std::move(share));
    Selection selection({options.include, options.exclude, options.files, options.database});
    const std::uint64_t bytes = count_wanted(*archive.container(), selection, options).room_bytes;
    room.add(places[i].live.get(), i == 0 ? folder : folder / places[i].at, bytes);
  }
}

std::vector<std::string> exchange_paths(const std::vector<std::string>& include) {
  std::vector<std::string> paths;
  for (std::string path : include) {
    if (path.find_first_of("*?[") != std::string::npos) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} is a glob, and only paths can be restored in place", printable(path)));
    }
    while (path.starts_with('/')) path.erase(0, 1);
    while (path.ends_with('/')) path.pop_back();
    paths.push_back(std::move(path));
  }
  std::sort(paths.begin(), paths.end());
  for (std::size_t i = 1; i < paths.size(); ++i) {
    if (paths[i] == paths[i - 1] || paths[i].starts_with(paths[i - 1] + "/")) {
      throw Error(ErrorKind::usage, fmt::format("{} is named twice", printable(paths[i])));
    }
  }
  return paths;
}

std::vector<std::string> exchanged_for(int site_fd, const std::vector<std::string>& include) {
  std::set<std::string> paths;
  for (const std::string& path : include) paths.insert(with_missing_folders(site_fd, path));
  return {paths.begin(), paths.end()};
}

FilesInPlace FilesInPlace::make(const std::filesystem::path& site_path) {
  FilesInPlace files;
  files.site_path_ = site_path;
  StagingPlace& site = files.places_.emplace_back();
  site.live = open_trusted_directory(site_path, false);
  files.exchange_.stage = kStagePrefix + temporary_name().substr(std::string_view(".wobackup").size());
  site.stage = make_stage(site.live.get(), files.exchange_.stage, site_path.string());
  files.exchange_.stage_identity = identity_of(site.stage.get());
  return files;
}

FilesInPlace FilesInPlace::open(const std::filesystem::path& site_path, FileExchange exchange) {
  const std::string stage = (site_path / exchange.stage).string();
  std::optional<FilesInPlace> files = open_what_is_left(site_path, std::move(exchange));
  if (files && files->has_stage()) return *std::move(files);
  throw Error(ErrorKind::rollback_failed, fmt::format("the restore's folder {} is gone", printable(stage)),
              fmt::format("somebody moved or removed it; look for it below {}, and give it its name again; "
                          "`restore --finish --discard` gives it up",
                          printable(site_path.string())));
}

std::optional<FilesInPlace> FilesInPlace::open_what_is_left(const std::filesystem::path& site_path,
                                                            FileExchange exchange) {
  FilesInPlace files;
  files.site_path_ = site_path;
  files.exchange_ = std::move(exchange);
  StagingPlace& site = files.places_.emplace_back();
  if (::access(site_path.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  site.live = open_trusted_directory(site_path, false);
  site.stage = open_stage(site.live.get(), files.exchange_.stage);
  if (site.stage && identity_of(site.stage.get()) != files.exchange_.stage_identity) site.stage.reset();
  files.open_further();
  return files;
}

void FilesInPlace::open_further() {
  for (const FurtherPlace& further : exchange_.further) {
    StagingPlace place;
    place.at = further.at;
    place.live = open_place(site_fd(), further.at);
    if (!place.live || identity_of(place.live.get()) != further.folder) {
      throw Error(ErrorKind::rollback_failed,
                  fmt::format("{} is not the folder any more that it was", printable(further.at)),
                  "is it mounted? mount it, and try again");
    }
    place.stage = open_stage(place.live.get(), exchange_.stage);
    if (place.stage && further.stage && identity_of(place.stage.get()) != *further.stage) place.stage.reset();
    places_.push_back(std::move(place));
  }
}

bool FilesInPlace::any_is_live() const {
  return std::any_of(exchange_.steps.begin(), exchange_.steps.end(), [this](const SwapStep& step) {
    return step.staged && places_[step.place].swap().live_at(step.path) == step.staged;
  });
}

void FilesInPlace::add_places(const std::filesystem::path& archive, const RestoreEnvironment& environment,
                              const std::vector<std::string>& include) {
  const OpenArchive opened(archive, environment.config.keys, environment.stored);
  LiveBorders borders = find_borders(site_fd(), opened.reader(), include);
  exchange_.kept = std::move(borders.kept);
  for (StagingPlace& place : borders.further) {
    const FolderAttributes now = attributes_of(place.live.get());
    exchange_.further.push_back({.at = place.at,
                                 .folder = identity_of(place.live.get()),
                                 .stage = {},
                                 .seconds = now.seconds,
                                 .nanoseconds = now.nanoseconds});
    places_.push_back(std::move(place));
  }
}

void FilesInPlace::make_stages(const std::function<void()>& persist) {
  if (places_.size() == 1) return;
  if (persist) persist();
  for (std::size_t i = 1; i < places_.size(); ++i) {
    places_[i].stage = make_stage(places_[i].live.get(), exchange_.stage, places_[i].at);
    exchange_.further[i - 1].stage = identity_of(places_[i].stage.get());
  }
}

Restored FilesInPlace::stage(const std::filesystem::path& archive, RestoreOptions options,
                             const std::vector<std::string>& include, const RestoreEnvironment& environment,
                             const std::function<void()>& persist) {
  const std::vector<std::string> exchanged = exchanged_for(site_fd(), include);
  exchange_.only = exchanged;
  add_places(archive, environment, include);
  make_stages(persist);
  Restored restored;
  restored.target = stage_path();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const StagingPlace& place = places_[i];
    Share share = share_of(places_, i, include);
    if (share.empty) continue;
    options.target = i == 0 ? stage_path() : site_path_ / place.at / exchange_.stage;
    add_to(restored, restore_into([&] { return UniqueFd(::fcntl(place.stage.get(), F_DUPFD_CLOEXEC, 0)); }, archive,
                                  staging_options(options, std::move(share)), environment));
    if (::syncfs(place.stage.get()) != 0) throw system_error("cannot sync what was staged", errno);
  }
  std::set<std::string> wanted(exchanged.begin(), exchanged.end());
  if (include.empty()) {
    for (const std::string& name : names_in(stage_fd())) wanted.insert(name);
    for (const FurtherPlace& further : exchange_.further) wanted.insert(further.at.substr(0, further.at.find('/')));
  }
  wanted_.assign(wanted.begin(), wanted.end());
  plan_swap(places_, wanted_, exchange_);
  return restored;
}

void FilesInPlace::refresh() {
  if (!exchange_.staying.empty()) plan_swap(places_, wanted_, exchange_);
}

void FilesInPlace::require_places() const {
  for (const StagingPlace& place : places_) {
    if (place.stage) continue;
    throw Error(ErrorKind::rollback_failed,
                fmt::format("the restore's folder {} in {} is gone", exchange_.stage, printable(place.at)),
                "somebody moved or removed it; look for it there");
  }
}

void FilesInPlace::forward() const {
  require_places();
  for (const SwapStep& step : exchange_.steps) places_[step.place].swap().forward(step);
  for (const StayingFolder& folder : exchange_.staying) places_[folder.place].swap().exchange_attributes(folder, true);
  for (const StagingPlace& place : places_) place.swap().sync();
}

void FilesInPlace::back() const {
  require_places();
  try {
    const std::vector<SwapStep>& steps = exchange_.steps;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) places_[step->place].swap().back(*step);
    for (const StayingFolder& folder : exchange_.staying) {
      places_[folder.place].swap().exchange_attributes(folder, false);
    }
    for (const StagingPlace& place : places_) place.swap().sync();
  } catch (const Error& error) {
    throw Error(ErrorKind::rollback_failed, error.message(),
                fmt::format("what was displaced lies in {}; put it back by hand, then remove the journal",
                            printable(stage_path().string())));
  }
}

void FilesInPlace::plan_undo() {
  require_places();
  // What cannot be planned to its end is not begun.
  FileExchange planned = exchange_;
  plan_way_back(places_, planned);
  exchange_ = std::move(planned);
}

std::vector<FolderTime> FilesInPlace::times(bool forward) const {
  std::vector<FolderTime> times;
  for (const StayingFolder& folder : exchange_.staying) {
    const FolderAttributes& now = forward ? folder.after : folder.before;
    times.push_back({folder.live, now.seconds, now.nanoseconds});
  }
  return times;
}

std::vector<std::string> FilesInPlace::notes() const {
  std::vector<std::string> notes;
  for (std::size_t i = 1; i < places_.size(); ++i) {
    notes.push_back(fmt::format("{} is a mount or leads to another folder, and stays: what is in it was exchanged",
                                printable(places_[i].at)));
  }
  const std::vector<std::string>& kept = exchange_.kept;
  for (std::size_t i = 0; i < std::min(kept.size(), kMostNotes); ++i) {
    notes.push_back(fmt::format("{} was kept: the backup leaves it out", printable(kept[i])));
  }
  if (kept.size() > kMostNotes) notes.push_back(fmt::format("... and {} more", kept.size() - kMostNotes));
  return notes;
}

bool FilesInPlace::has_displaced() const {
  const bool any = std::any_of(places_.begin(), places_.end(), [](const StagingPlace& place) {
    return place.stage && !names_in(place.stage.get()).empty();
  });
  if (!any) return false;
  require_places();
  make_folders(stage_fd(), "htdocs");
  for (const auto& [at, folder] : displaced_elsewhere()) {
    make_folders(places_[place_of_entry(places_, at)].stage.get(), at);
  }
  return true;
}

std::vector<std::string> FilesInPlace::displaced_paths() const {
  std::vector<std::string> paths;
  for (const std::string& path : exchange_.only) {
    const auto has = [&path](const StagingPlace& place) {
      return static_cast<bool>(open_beneath(place.stage.get(), path, O_PATH | O_NOFOLLOW));
    };
    const auto at_path = [&](const StagingPlace& place) { return place.at == path && has(place); };
    if (has(places_[place_of_entry(places_, path)]) || std::any_of(places_.begin(), places_.end(), at_path)) {
      paths.push_back(path);
    }
  }
  return paths;
}

std::vector<std::pair<std::string, UniqueFd>> FilesInPlace::displaced_elsewhere() const {
  std::vector<std::pair<std::string, UniqueFd>> folders;
  for (std::size_t i = 1; i < places_.size(); ++i) {
    UniqueFd folder = open_beneath(places_[i].stage.get(), places_[i].at, O_RDONLY | O_DIRECTORY);
    if (folder) folders.emplace_back(places_[i].at, std::move(folder));
  }
  return folders;
}

void FilesInPlace::remove() const {
  for (std::size_t i = places_.size(); i-- > 0;) {
    if (i == 0 && !has_stage()) continue;  // what has its name now is not ours
    remove_stage(places_[i].live.get(), exchange_.stage);
    if (i == 0 || exchange_.further[i - 1].stage) continue;
    // Killed while it was made: nothing else has changed the folder.
    const FurtherPlace& further = exchange_.further[i - 1];
    const timespec times[2] = {{0, UTIME_OMIT}, {further.seconds, further.nanoseconds}};
    static_cast<void>(::futimens(places_[i].live.get(), times));
  }
}

}  // namespace wobackup
