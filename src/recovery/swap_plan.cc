#include "recovery/swap_plan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"
#include "in_place/mount_points.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// The journal must hold them.
constexpr std::size_t kMostSteps = 50'000;
constexpr std::size_t kMostPathBytes = std::size_t{8} << 20U;

constexpr const char* kHtdocs = "htdocs";
constexpr const char* kMaintenance = ".maintenance";  // WordPress' and ours: never exchanged by itself

class Planner {
 public:
  Planner(const std::vector<StagingPlace>& places, FileExchange& exchange)
      : places_(places), exchange_(exchange), kept_(exchange.kept.begin(), exchange.kept.end()) {}

  void plan(const std::vector<std::string>& wanted) {
    exchange_.steps.clear();
    exchange_.staying.clear();
    for (const std::string& path : wanted) {
      for (std::size_t i = 1; i < places_.size(); ++i) add_way(path, places_[i].at, true);
      for (const std::string& kept : exchange_.kept) add_way(path, kept, false);
    }
    for (const std::string& path : wanted) {
      if (path == kHtdocs) require_folder(path);
      expand(path);
    }
  }

  // The same steps, seen from the other side.
  void plan_back() {
    std::set<std::string> folders;
    for (const StayingFolder& folder : exchange_.staying) folders.insert(folder.path);
    std::erase_if(exchange_.steps, [&](const SwapStep& step) {
      const std::size_t slash = step.path.rfind('/');
      return slash != std::string::npos && folders.contains(step.path.substr(0, slash));
    });
    for (const StayingFolder& folder : exchange_.staying) {
      for (const std::string& path : entries_of(folder)) {
        if (kept_.contains(path) || folders.contains(path)) continue;
        SwapStep step = swap(folder.place).step_of(path);
        step.place = folder.place;
        std::swap(step.staged, step.live);
        add(std::move(step));
      }
    }
  }

 private:
  [[nodiscard]] FileSwap swap(std::size_t place) const { return places_[place].swap(); }

  // The folders from `path` down to `end` stay.
  void add_way(const std::string& path, const std::string& end, bool with_end) {
    if (!is_in(end, path)) return;
    for (std::size_t slash = path.size(); slash < end.size(); slash = std::min(end.find('/', slash + 1), end.size())) {
      stays_.insert(end.substr(0, slash));
    }
    if (with_end) stays_.insert(end);
  }

  // What is no folder in the backup would make the next backup follow a link of an archive's choice.
  void require_folder(const std::string& path) const {
    const std::size_t place = inner_place(path);
    struct stat status {};
    if (::fstatat(places_[place].stage.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISDIR(status.st_mode)) {
      throw Error(ErrorKind::failed, fmt::format("{} is no folder in the backup", printable(path)),
                  "restore with --target");
    }
  }

  // Whose stage has the entries of this folder.
  [[nodiscard]] std::size_t inner_place(const std::string& path) const {
    for (std::size_t i = 1; i < places_.size(); ++i) {
      if (places_[i].at == path) return i;
    }
    return place_of_entry(places_, path);
  }

  void expand(const std::string& path) {
    if (kept_.contains(path)) return;
    if (!stays_.contains(path)) {
      const std::size_t place = place_of_entry(places_, path);
      SwapStep step = swap(place).step_of(path);
      step.place = place;
      return add(std::move(step));
    }
    const StayingFolder& folder = exchange_.staying.emplace_back(look_at(path));
    for (const std::string& entry : entries_of(folder)) expand(entry);
  }

  void add(SwapStep step) {
    if (!step.staged && !step.live) return;
    path_bytes_ += step.path.size();
    if (exchange_.steps.size() >= kMostSteps || path_bytes_ > kMostPathBytes) throw_too_many();
    exchange_.steps.push_back(std::move(step));
  }

  [[noreturn]] static void throw_too_many() {
    throw Error(ErrorKind::failed, "the folders around mounts and left-out paths have too many entries to be exchanged",
                "restore with --target");
  }

  StayingFolder look_at(const std::string& path) {
    StayingFolder folder;
    folder.path = path;
    folder.place = inner_place(path);
    const FileSwap both = swap(folder.place);
    const UniqueFd live = both.open_live(path);
    if (!live) throw system_error(fmt::format("cannot open {}", printable(path)), errno);
    folder.live = identity_of(live.get());
    folder.before = attributes_of(live.get());
    UniqueFd staged = both.open_staged(path);
    if (!staged && errno == ENOENT) {  // the backup does not have the folder: it stays as it is
      make_folders(places_[folder.place].stage.get(), path);
      staged = both.open_staged(path);
      if (staged) put_attributes(staged.get(), folder.before);
    }
    if (!staged) throw system_error(fmt::format("cannot open {} in the stage", printable(path)), errno);
    folder.after = attributes_of(staged.get());
    return folder;
  }

  [[nodiscard]] std::vector<std::string> entries_of(const StayingFolder& folder) const {
    const FileSwap both = swap(folder.place);
    std::set<std::string> names;
    for (const UniqueFd& side : {both.open_live(folder.path), both.open_staged(folder.path)}) {
      if (!side) throw system_error(fmt::format("cannot open {}", printable(folder.path)), errno);
      for (std::string& name : names_in(side.get())) {
        if (names.size() > kMostSteps) throw_too_many();
        names.insert(std::move(name));
      }
    }
    if (places_[folder.place].at == folder.path) names.erase(exchange_.stage);
    if (folder.path == kHtdocs) names.erase(kMaintenance);
    std::vector<std::string> paths;
    paths.reserve(names.size());
    for (const std::string& name : names) paths.push_back(folder.path + "/" + name);
    return paths;
  }

  const std::vector<StagingPlace>& places_;
  FileExchange& exchange_;
  const std::set<std::string> kept_;
  std::set<std::string> stays_;
  std::size_t path_bytes_ = 0;
};

}  // namespace

void plan_swap(const std::vector<StagingPlace>& places, const std::vector<std::string>& wanted,
               FileExchange& exchange) {
  Planner(places, exchange).plan(wanted);
}

void plan_way_back(const std::vector<StagingPlace>& places, FileExchange& exchange) {
  Planner(places, exchange).plan_back();
}

}  // namespace wobackup
