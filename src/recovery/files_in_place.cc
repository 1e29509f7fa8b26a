#include "recovery/files_in_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "in_place/file_swap.h"
#include "in_place/remove_tree.h"
#include "target/files/target_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr const char* kStagePrefix = ".wobackup-restore";

UniqueFd open_stage(int site_fd, const std::string& name) {
  return UniqueFd(::openat(site_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// What was restored at the top of the stage.
std::vector<std::string> names_in(int folder_fd) {
  std::vector<std::string> names;
  const int listing_fd = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(listing_fd < 0 ? nullptr : ::fdopendir(listing_fd), ::closedir);
  if (!listing) throw system_error("cannot read the restore's folder", errno);
  while (const dirent* item = ::readdir(listing.get())) {
    const std::string name = item->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

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

FilesInPlace FilesInPlace::make(const std::filesystem::path& site_path) {
  FilesInPlace files;
  files.site_path_ = site_path;
  files.site_ = open_trusted_directory(site_path, false);
  files.exchange_.stage = kStagePrefix + temporary_name().substr(std::string_view(".wobackup").size());
  if (::mkdirat(files.site_.get(), files.exchange_.stage.c_str(), 0700) != 0) {
    throw system_error(fmt::format("cannot make a folder in {}", printable(site_path.string())), errno);
  }
  files.stage_ = open_stage(files.site_.get(), files.exchange_.stage);
  struct stat status {};
  if (!files.stage_ || ::fstat(files.stage_.get(), &status) != 0 || status.st_uid != ::geteuid() ||
      (status.st_mode & 077U) != 0) {
    throw Error(ErrorKind::failed,
                fmt::format("somebody interferes with the restore's folder in {}", printable(site_path.string())));
  }
  files.exchange_.stage_identity = identity_from(status);
  return files;
}

FilesInPlace FilesInPlace::open(const std::filesystem::path& site_path, FileExchange exchange) {
  FilesInPlace files;
  files.site_path_ = site_path;
  files.exchange_ = std::move(exchange);
  files.site_ = open_trusted_directory(site_path, false);
  files.stage_ = open_stage(files.site_.get(), files.exchange_.stage);
  struct stat status {};
  if (!files.stage_ || ::fstat(files.stage_.get(), &status) != 0 ||
      identity_from(status) != files.exchange_.stage_identity) {
    throw Error(ErrorKind::rollback_failed,
                fmt::format("the restore's folder {} is gone", printable(files.stage_path().string())),
                fmt::format("somebody moved or removed it; look for it below {}", printable(site_path.string())));
  }
  return files;
}

Restored FilesInPlace::stage(const std::filesystem::path& archive, RestoreOptions options,
                             const std::vector<std::string>& include, const RestoreEnvironment& environment) {
  options.target = stage_path();
  options.include = include;
  options.exclude = {"vhost.json"};
  options.database = false;
  Restored restored = restore_into([this] { return UniqueFd(::fcntl(stage_.get(), F_DUPFD_CLOEXEC, 0)); }, archive,
                                   options, environment);
  if (::syncfs(stage_.get()) != 0) throw system_error("cannot sync what was staged", errno);
  exchange_.steps = FileSwap(site_.get(), stage_.get()).plan(include.empty() ? names_in(stage_.get()) : include);
  return restored;
}

void FilesInPlace::forward() const {
  const FileSwap swap(site_.get(), stage_.get());
  for (const SwapStep& step : exchange_.steps) swap.forward(step);
  swap.sync();
}

void FilesInPlace::back() const {
  const FileSwap swap(site_.get(), stage_.get());
  try {
    for (auto step = exchange_.steps.rbegin(); step != exchange_.steps.rend(); ++step) swap.back(*step);
    swap.sync();
  } catch (const Error& error) {
    throw Error(ErrorKind::rollback_failed, error.message(),
                fmt::format("what was displaced lies in {}; put it back by hand, then remove the journal",
                            printable(stage_path().string())));
  }
}

bool FilesInPlace::has_displaced() const {
  if (names_in(stage_.get()).empty()) return false;
  if (::mkdirat(stage_.get(), "htdocs", 0755) != 0 && errno != EEXIST) {
    throw system_error("cannot make a folder in the restore's folder", errno);
  }
  return true;
}

void FilesInPlace::remove() const { remove_tree(site_.get(), exchange_.stage); }

}  // namespace wobackup
