#include "recovery/live_htdocs.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "base/system_error.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostLinks = 40;
constexpr std::size_t kMostNames = 4096;

[[noreturn]] void refuse(const char* why) {
  throw Error(ErrorKind::failed, std::string("htdocs is a symbolic link ") + why,
              "make it lead to a folder of the site's owner, or restore with --target");
}

void put_before(std::deque<std::string>& todo, const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const auto& part : path.relative_path()) {
    if (!part.empty() && part != ".") names.push_back(part.string());
  }
  todo.insert(todo.begin(), names.begin(), names.end());
  if (todo.size() > kMostNames) refuse("that leads too far");
}

// The text of the very link that was looked at: its name may be somebody else's by now.
std::string text_of(int link_fd) {
  std::string text(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(link_fd, "", text.data(), text.size());
  if (size <= 0) throw system_error("cannot read the link htdocs", errno);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

UniqueFd open_htdocs(int site_fd) {
  UniqueFd here(::openat(site_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::deque<std::string> todo{"htdocs"};
  std::vector<uid_t> owners;  // of links that root has not made
  std::size_t links = 0;
  struct stat status {};
  while (!todo.empty()) {
    const std::string name = todo.front();
    todo.pop_front();
    // A link stays a link here, whatever its name leads to a moment later.
    UniqueFd next(::openat(here.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next && errno == ENOENT) {
      if (links == 0) return UniqueFd();
      refuse("that leads nowhere");
    }
    if (!next || ::fstat(next.get(), &status) != 0) throw system_error("cannot open htdocs", errno);
    if (S_ISLNK(status.st_mode)) {
      if (++links > kMostLinks) refuse("that leads too far");
      if (status.st_uid != 0 && status.st_uid != ::geteuid()) owners.push_back(status.st_uid);
      const std::filesystem::path text = text_of(next.get());
      if (text.is_absolute()) here.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
      put_before(todo, text);
      continue;
    }
    if (!S_ISDIR(status.st_mode)) {
      if (links == 0) return UniqueFd();
      refuse("that leads to no folder");
    }
    here = std::move(next);
  }
  if (::fstat(here.get(), &status) != 0) throw system_error("cannot open htdocs", errno);
  if (std::any_of(owners.begin(), owners.end(), [&](uid_t owner) { return owner != status.st_uid; })) {
    refuse("to a folder of another owner, and root did not make it");
  }
  UniqueFd folder(::openat(here.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw system_error("cannot open htdocs", errno);
  return folder;
}

}  // namespace wobackup
