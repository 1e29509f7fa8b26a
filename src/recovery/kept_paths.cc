#include "recovery/kept_paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "source/files/path_pattern.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostPaths = 10'000;
constexpr std::size_t kLongestPath = 4096;

bool is_cache(int folder_fd, const std::string& path) {
  if (path == "htdocs/wp-content/cache") return true;
  constexpr std::string_view kSignature = "Signature: 8a477f597d28d172789f06886806bc55";
  const UniqueFd tag(::openat(folder_fd, "CACHEDIR.TAG", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::string text(kSignature.size(), '\0');
  return tag && ::read(tag.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) && text == kSignature;
}

class Search {
 public:
  Search(const LiveTree& live, const ManifestHeader& header)
      : live_(live), patterns_(path_patterns(header.exclude)), caches_(header.exclude_caches) {}

  void below(const std::string& wanted) {
    folders_.push_back(wanted);
    while (!folders_.empty()) {
      const std::string path = std::move(folders_.back());
      folders_.pop_back();
      visit(path);
    }
  }

  std::vector<LeftOut> found;

 private:
  // What vanishes or cannot be read is not kept: there is nothing to lose in it that the exchange would not move.
  void visit(const std::string& path) {
    UniqueFd folder = live_.open(path, O_RDONLY | O_DIRECTORY);
    if (!folder) return;
    if (caches_ && is_cache(folder.get(), path)) return keep(path, true);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(folder.release()), ::closedir);
    if (!listing) return;
    while (const dirent* item = ::readdir(listing.get())) {
      const std::string name = item->d_name;
      if (name != "." && name != "..") look_at(::dirfd(listing.get()), path, name, item->d_type);
    }
  }

  void look_at(int folder_fd, const std::string& folder, const std::string& name, unsigned char type) {
    const std::string path = fmt::format("{}/{}", folder, name);
    bool is_folder = type == DT_DIR;
    struct stat status {};
    if (type == DT_UNKNOWN && ::fstatat(folder_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      is_folder = S_ISDIR(status.st_mode);
    }
    const bool left_out = std::any_of(patterns_.begin(), patterns_.end(),
                                      [&](const PathPattern& pattern) { return pattern.matches(path, is_folder); });
    if (left_out) return keep(path, false);
    if (is_folder && path.size() < kLongestPath) folders_.push_back(path);
  }

  void keep(const std::string& path, bool cache) {
    if (found.size() == kMostPaths) {
      throw Error(ErrorKind::failed, "the site has more than 10,000 paths that the backup has left out",
                  "they cannot all be kept in place; restore with --target, or parts with --include");
    }
    found.push_back({path, cache});
  }

  const LiveTree& live_;
  std::vector<PathPattern> patterns_;
  bool caches_;
  std::vector<std::string> folders_;
};

}  // namespace

std::vector<LeftOut> find_left_out(const LiveTree& live, const std::vector<std::string>& wanted,
                                   const ManifestHeader& header) {
  Search search(live, header);
  for (const std::string& path : wanted) search.below(path);
  return std::move(search.found);
}

}  // namespace wobackup
