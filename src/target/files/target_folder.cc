#include "target/files/target_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kRecentFolders = 16;
constexpr int kFolderFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

[[noreturn]] void cannot_open(std::string_view path, int error_number) {
  if (error_number == ELOOP || error_number == ENOTDIR) {
    throw InTheWay(std::string(path), "a link or a file is in the way, and nothing is written through it");
  }
  throw system_error(fmt::format("cannot open the folder {}", printable(path)), error_number);
}

}  // namespace

std::shared_ptr<const UniqueFd> TargetFolder::open(std::string_view path) {
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [known, fd] : recent_) {
      if (known == path) return fd;
    }
  }
  UniqueFd fd;
  if (path.empty()) {
    fd.reset(::openat(fd_, ".", kFolderFlags));
  } else {
    fd = open_beneath(fd_, path, O_PATH | O_DIRECTORY);
    if (!fd && errno == ENOENT) fd = make(path);
  }
  if (!fd) cannot_open(path, errno);
  auto shared = std::make_shared<const UniqueFd>(std::move(fd));
  const std::scoped_lock lock(mutex_);
  recent_.emplace_front(std::string(path), shared);
  if (recent_.size() > kRecentFolders) recent_.pop_back();
  return shared;
}

// One name after the other: each folder is made in the one that was opened just before.
UniqueFd TargetFolder::make(std::string_view path) {
  UniqueFd current(::openat(fd_, ".", kFolderFlags));
  for (std::size_t begin = 0; current && begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name(path.substr(begin, end - begin));
    const bool is_new = ::mkdirat(current.get(), name.c_str(), 0700) == 0;
    if (!is_new && errno != EEXIST) return UniqueFd();
    if (is_new && remember_) {
      const std::scoped_lock lock(mutex_);
      made_.emplace(path.substr(0, end));
    }
    current.reset(::openat(current.get(), name.c_str(), kFolderFlags));
    begin = end + 1;
  }
  return current;
}

UniqueFd TargetFolder::open_existing(std::string_view path, int flags) const {
  if (path.empty()) return UniqueFd(::openat(fd_, ".", flags | O_CLOEXEC));
  return open_beneath(fd_, path, flags);
}

std::pair<std::string_view, std::string> parent_and_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, std::string(path)};
  return {path.substr(0, slash), std::string(path.substr(slash + 1))};
}

std::string temporary_name() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) throw system_error("no random numbers", errno);
  return fmt::format(".wobackup-{:016x}", number);
}

}  // namespace wobackup
