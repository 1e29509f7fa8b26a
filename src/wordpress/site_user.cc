#include "wordpress/site_user.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/system_error.h"

namespace wobackup {
namespace {

struct stat status_of(int fd, std::string_view site, std::string_view what) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error(fmt::format("cannot look at {} of {}", what, site), errno);
  return status;
}

// The group that the system gives a user.
std::optional<unsigned> own_group(unsigned uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(65536);
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return entry.pw_gid;
}

}  // namespace

SiteUser site_user(int htdocs_fd, int site_folder_fd, std::string_view site) {
  if (::geteuid() != 0) return {::geteuid(), ::getegid()};
  const struct stat htdocs = status_of(htdocs_fd, site, "htdocs");
  if (htdocs.st_uid == 0) {
    throw Error(ErrorKind::failed, fmt::format("{}: htdocs belongs to root, and no site's code is run as root", site),
                "give it to the user that PHP runs as: chown -R www-data: htdocs");
  }
  if (site_folder_fd >= 0) {
    const struct stat folder = status_of(site_folder_fd, site, "the folder");
    if (folder.st_uid != 0 && folder.st_uid != htdocs.st_uid) {
      throw Error(ErrorKind::failed,
                  fmt::format("{}: htdocs belongs to user {}, but the site's folder to user {}: not clear as whom the "
                              "site's code may run",
                              site, htdocs.st_uid, folder.st_uid),
                  "give both to the user that PHP runs as");
    }
  }
  if (htdocs.st_gid != 0) return {htdocs.st_uid, htdocs.st_gid};
  const std::optional<unsigned> group = own_group(htdocs.st_uid);
  if (!group || *group == 0) {
    throw Error(ErrorKind::failed,
                fmt::format("{}: htdocs belongs to the group root, and no site's code is run with its "
                            "rights",
                            site),
                "give it to the group that PHP runs as: chgrp -R www-data htdocs");
  }
  return {htdocs.st_uid, *group};
}

}  // namespace wobackup
