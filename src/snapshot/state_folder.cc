#include "snapshot/state_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/host_name.h"
#include "base/safe_path.h"
#include "base/system_error.h"

namespace wobackup {

StateFolder::StateFolder(std::filesystem::path path) : path_(std::move(path)) {
  constexpr const char* kHint = "run as root, or set state_dir in wobackup.toml to a folder of your own";
  try {
    const UniqueFd fd = open_trusted_directory(path_, true);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw system_error(fmt::format("cannot read {}", path_.string()), errno);
    if ((status.st_uid != 0 && status.st_uid != ::geteuid()) || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
      throw Error(ErrorKind::failed, fmt::format("the state folder {} can be written by other users", path_.string()),
                  fmt::format("chown root {0} && chmod 700 {0}", path_.string()));
    }
    for (const char* part : {"locks", "archives"}) {
      if (::mkdirat(fd.get(), part, 0700) != 0 && errno != EEXIST) {
        throw system_error(fmt::format("cannot write to the state folder {}", path_.string()), errno);
      }
    }
  } catch (const Error& error) {
    throw error.with_hint(kHint);
  }
}

std::filesystem::path StateFolder::lock_file(const std::string& site) const { return lock_file_in(path_, site); }

std::filesystem::path lock_file_in(const std::filesystem::path& state_dir, const std::string& site) {
  return state_dir / "locks" / (site + ".lock");
}

std::vector<std::string> journaled_sites(const std::filesystem::path& state_dir, const char* part) {
  std::vector<std::string> sites;
  std::error_code none;
  for (const auto& item : std::filesystem::directory_iterator(state_dir / part, none)) {
    const std::string site = item.path().stem().string();
    if (item.path().extension() == ".json" && host_name(site)) sites.push_back(site);
  }
  std::sort(sites.begin(), sites.end());
  return sites;
}

}  // namespace wobackup
