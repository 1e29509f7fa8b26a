#include "site/site_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostConfigFiles = 1000;

struct CloseListing {
  void operator()(DIR* listing) const noexcept { ::closedir(listing); }
};

bool is_folder(int directory_fd, const dirent& item) {
  if (item.d_type != DT_UNKNOWN) return item.d_type == DT_DIR;
  struct stat status {};
  return ::fstatat(directory_fd, item.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

bool is_missing(int error_number) { return error_number == ENOENT || error_number == ENOTDIR; }

}  // namespace

SiteFolder::SiteFolder(std::filesystem::path path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

std::vector<std::string> SiteFolder::config_files() const {
  std::vector<std::string> names;
  if (!fd_) return names;
  UniqueFd own(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseListing> listing(own ? ::fdopendir(own.get()) : nullptr);
  if (!listing) throw system_error(fmt::format("cannot list {}", path_.string()), errno);
  static_cast<void>(own.release());  // the listing closes it
  while (true) {
    errno = 0;
    const dirent* item = ::readdir(listing.get());
    if (item == nullptr) break;
    const std::string_view name = item->d_name;
    if (!name.ends_with("-config.php") || is_folder(fd_.get(), *item)) continue;
    if (names.size() == kMostConfigFiles) {
      throw Error(ErrorKind::failed,
                  fmt::format("{} has more than {} files named *-config.php", path_.string(), kMostConfigFiles),
                  "remove those that are not the site's");
    }
    names.emplace_back(name);
  }
  if (errno != 0) throw system_error(fmt::format("cannot list {}", path_.string()), errno);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> SiteFolder::without_links(const std::string& relative) const {
  if (!fd_) return std::nullopt;
  const std::string name = printable((path_ / relative).string());
  if (const UniqueFd fd = open_beneath(fd_.get(), relative, O_PATH)) {
    struct stat status {};
    // The last component may itself be a link: O_PATH opens it.
    if (::fstat(fd.get(), &status) == 0 && !S_ISLNK(status.st_mode)) return relative;
  } else if (is_missing(errno)) {
    return std::nullopt;
  } else if (errno != ELOOP) {
    throw system_error(fmt::format("cannot open {}", name), errno);
  }
  std::error_code no_root, no_target;
  const std::filesystem::path root = std::filesystem::canonical(path_, no_root);
  const std::filesystem::path target = std::filesystem::canonical(path_ / relative, no_target);
  if (no_root || no_target) {
    throw Error(ErrorKind::failed, fmt::format("{} is, or is behind, a link that leads nowhere", name));
  }
  const std::filesystem::path inside = target.lexically_relative(root);
  if (inside.empty() || inside == "." || *inside.begin() == "..") {
    throw Error(ErrorKind::failed,
                fmt::format("{} is, or is behind, a link to {}, outside the site's folder: it is not read", name,
                            printable(target.string())));
  }
  return inside.string();
}

std::optional<std::string> SiteFolder::read(const std::string& relative, std::size_t limit_bytes) const {
  const std::optional<std::string> real = without_links(relative);
  if (!real) return std::nullopt;
  const std::string name = printable((path_ / relative).string());
  // Whatever was swapped in meanwhile: no link is followed here. A FIFO does not block.
  const UniqueFd fd = open_beneath(fd_.get(), *real, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd && is_missing(errno)) return std::nullopt;
  if (!fd) throw system_error(fmt::format("cannot open {}", name), errno);
  return read_small_file(fd.get(), limit_bytes, name);
}

bool SiteFolder::seems_to_have(const std::string& relative) const {
  struct stat status {};
  return fd_ && ::fstatat(fd_.get(), relative.c_str(), &status, 0) == 0;
}

bool SiteFolder::has_file(const std::string& relative) const {
  const UniqueFd fd = fd_ ? open_beneath(fd_.get(), relative, O_PATH) : UniqueFd();
  struct stat status {};
  return fd && ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace wobackup
