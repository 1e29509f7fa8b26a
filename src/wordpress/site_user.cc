#include "wordpress/site_user.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

struct stat status_of(int fd, std::string_view site, std::string_view what) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error(fmt::format("cannot look at {} of {}", what, site), errno);
  return status;
}

// Below it are the accounts of services, which no site's code shall be: the disks' and databases' among them.
constexpr unsigned kFirstOrdinaryUser = 1000;
constexpr unsigned kNobody = 65534;  // where services run that need no account
constexpr std::string_view kWebUser = "www-data";
constexpr std::size_t kNameBuffer = 65536;

struct KnownUser {
  std::string name;
  unsigned gid = 0;
};

std::optional<KnownUser> known_user(unsigned uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kNameBuffer);
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return KnownUser{entry.pw_name, entry.pw_gid};
}

}  // namespace

SiteUser site_user(int htdocs_fd, int site_folder_fd, std::string_view site) {
  if (::geteuid() != 0) return {::geteuid(), ::getegid()};
  const struct stat htdocs = status_of(htdocs_fd, site, "htdocs");
  if (htdocs.st_uid == 0) {
    throw Error(ErrorKind::failed, fmt::format("{}: htdocs belongs to root, and no site's code is run as root", site),
                "give it to the user that PHP runs as: chown -R www-data: htdocs");
  }
  const struct stat folder = status_of(site_folder_fd, site, "the folder");
  if (folder.st_uid != 0 && folder.st_uid != htdocs.st_uid) {
    throw Error(ErrorKind::failed,
                fmt::format("{}: htdocs belongs to user {}, but the site's folder to user {}: not clear as whom the "
                            "site's code may run",
                            site, htdocs.st_uid, folder.st_uid),
                "give both to the user that PHP runs as");
  }
  const auto refuse = [&](const std::string& why) {
    throw Error(
        ErrorKind::failed,
        fmt::format("{}: htdocs belongs to user {}, {}: no site's code is run as that", site, htdocs.st_uid, why),
        "give it to the user that PHP runs as: chown -R www-data: htdocs");
  };
  const std::optional<KnownUser> user = known_user(htdocs.st_uid);
  if (!user) refuse("whom this system does not know");
  if ((htdocs.st_uid < kFirstOrdinaryUser || htdocs.st_uid == kNobody) && user->name != kWebUser) {
    refuse(fmt::format("the system's {}", printable(user->name)));
  }
  if (user->gid == 0) refuse("whose group is root's");
  return {htdocs.st_uid, user->gid};
}

}  // namespace wobackup
