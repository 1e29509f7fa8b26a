#include "recovery/site_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wordpress/site_user.h"

namespace wobackup {
namespace {

constexpr const char* kWebUser = "www-data";

std::optional<SiteUser> owner_of_htdocs(int staged_fd) {
  struct stat status {};
  if (staged_fd < 0 || ::fstatat(staged_fd, "htdocs", &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (!S_ISDIR(status.st_mode)) return std::nullopt;
  return SiteUser{status.st_uid, status.st_gid};
}

std::optional<SiteUser> web_user() {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::array<char, 4096> space{};
  if (::getpwnam_r(kWebUser, &entry, space.data(), space.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return SiteUser{entry.pw_uid, entry.pw_gid};
}

}  // namespace

bool make_site_folder(const std::filesystem::path& path) {
  if (::access(path.c_str(), F_OK) == 0) return false;
  const UniqueFd parent = open_trusted_directory(path.parent_path(), false);
  if (::mkdirat(parent.get(), path.filename().c_str(), 0755) != 0) {
    if (errno == EEXIST) return false;
    throw system_error(fmt::format("cannot make {}", printable(path.string())), errno);
  }
  const UniqueFd made = open_trusted_directory(path, false);
  if (::fchmod(made.get(), 0755) != 0) {
    throw system_error(fmt::format("cannot open up {}", printable(path.string())), errno);
  }
  return true;
}

void give_site_folder(const std::filesystem::path& path, int staged_fd) {
  if (::geteuid() != 0) return;
  std::optional<SiteUser> owner = owner_of_htdocs(staged_fd);
  if (!owner) owner = web_user();
  if (!owner) return;
  const UniqueFd folder = open_trusted_directory(path, false);
  if (::fchown(folder.get(), owner->uid, owner->gid) != 0) {
    throw system_error(fmt::format("cannot give {} to its owner", printable(path.string())), errno);
  }
}

}  // namespace wobackup
