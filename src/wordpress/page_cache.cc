#include "wordpress/page_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr int kDeepest = 4;  // nginx makes at most three levels
constexpr std::size_t kBeginning = 1024;

struct ClosesFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

struct Purge {
  const std::vector<std::string>& hosts;
  const Cancellation& cancellation;
  std::uint64_t removed = 0;

  [[nodiscard]] bool is_ours(int folder, const char* name) const {
    const UniqueFd fd(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    std::array<std::byte, kBeginning> buffer{};
    const std::size_t count = read_up_to(fd.get(), buffer, name);
    const auto host = page_cache_host(text_of(ByteSpan(buffer).first(count)));
    return host && std::find(hosts.begin(), hosts.end(), *host) != hosts.end();
  }

  // A name may stand for another file by the time it is removed: then a page is cached anew, no more.
  void file(int folder, const char* name) {
    if (!is_ours(folder, name)) return;
    if (::unlinkat(folder, name, 0) == 0) {
      ++removed;
    } else if (errno != ENOENT) {
      throw system_error(fmt::format("cannot remove {} from the page cache", printable(name)), errno);
    }
  }

  void below(UniqueFd folder, int depth) {
    const std::unique_ptr<DIR, ClosesFolder> entries(::fdopendir(folder.get()));
    if (!entries) throw system_error("cannot list the page cache", errno);
    const int fd = folder.release();  // the DIR's now
    while (const dirent* entry = ::readdir(entries.get())) {
      cancellation.check();
      const std::string_view name(entry->d_name);
      if (name == "." || name == "..") continue;
      if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) file(fd, entry->d_name);
      if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && depth < kDeepest) {
        UniqueFd next(::openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (next) below(std::move(next), depth + 1);
      }
    }
  }
};

}  // namespace

std::optional<std::string> page_cache_host(std::string_view beginning) {
  constexpr std::string_view mark = "\nKEY: ";
  const std::size_t at = beginning.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view key = beginning.substr(at + mark.size());
  key = key.substr(0, key.find('\n'));
  if (!key.starts_with("http")) return std::nullopt;
  key.remove_prefix(key.starts_with("https") ? 5 : 4);
  // Methods are in capitals, hosts, as nginx has them, are not.
  const std::size_t method = key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  if (method == 0 || method == std::string_view::npos) return std::nullopt;
  key.remove_prefix(method);
  const std::size_t end = key.find_first_of("/:?");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;  // none, or cut off
  return std::string(key.substr(0, end));
}

std::uint64_t purge_page_cache(const std::filesystem::path& folder, const std::vector<std::string>& hosts,
                               const Cancellation& cancellation) {
  Purge purge{hosts, cancellation};
  try {
    purge.below(open_trusted_directory(folder, false), 0);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
  return purge.removed;
}

}  // namespace wobackup
