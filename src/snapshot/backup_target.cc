#include "snapshot/backup_target.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "base/clock.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

constexpr std::chrono::hours kSmallStepBack{1};

bool is_inside(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

std::optional<std::chrono::sys_seconds> newest_archive_time(int directory_fd) {
  std::optional<std::chrono::sys_seconds> newest;
  const int listing_fd = ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(listing_fd < 0 ? nullptr : ::fdopendir(listing_fd), ::closedir);
  while (const dirent* item = listing ? ::readdir(listing.get()) : nullptr) {
    const std::string_view name = item->d_name;
    const auto time = archive_ending_of(name).empty() ? std::nullopt : time_from_snapshot_timestamp(name);
    if (time && (!newest || *time > *newest)) newest = time;
  }
  return newest;
}

}  // namespace

// Both as written and with links resolved, before anything is made: a folder under htdocs is served to the world.
void refuse_inside_htdocs(const Site& site, const std::filesystem::path& root) {
  const std::filesystem::path htdocs = htdocs_of(site);
  std::error_code ignored;
  const auto real_htdocs = std::filesystem::weakly_canonical(htdocs, ignored);
  const auto real_root = std::filesystem::weakly_canonical(root, ignored);
  const bool inside = is_inside(root.lexically_normal(), htdocs.lexically_normal()) ||
                      (!real_root.empty() && !real_htdocs.empty() && is_inside(real_root, real_htdocs));
  if (!inside) return;
  throw Error(ErrorKind::usage,
              fmt::format("the backup root {} lies inside {}, where the web server would serve the archives",
                          printable(root.string()), printable(htdocs.string())),
              fmt::format("choose a folder outside, for example {}", (site.path / "backup").string()));
}

std::filesystem::path backup_root_of(const Site& site, const Config& config,
                                     const std::optional<std::filesystem::path>& requested) {
  if (requested) return *requested;
  if (const SiteSettings settings = config.for_site(site.name); settings.backup_root) return *settings.backup_root;
  if (config.backup_root) return *config.backup_root;
  return site.path / "backup";
}

BackupTarget open_backup_target(const Site& site, const std::filesystem::path& root) {
  if (!root.is_absolute()) {
    throw Error(ErrorKind::usage, fmt::format("the backup root {} is not an absolute path", printable(root.string())));
  }
  refuse_inside_htdocs(site, root);
  BackupTarget target;
  target.root = root;
  target.directory = root / site.name;
  try {
    target.root_fd = open_trusted_directory(target.root, true);
    target.fd = open_trusted_directory(target.directory, true);
  } catch (const Error& error) {
    if (!error.hint().empty()) throw;
    throw Error(error).with_hint("archives go there: make it writable, or choose another with --path or backup_root");
  }
  return target;
}

std::chrono::sys_seconds choose_time(const BackupTarget* target, const ArchiveLedger& ledger,
                                     std::chrono::sys_seconds now, const LogSink& log) {
  const std::optional<std::chrono::sys_seconds> newest =
      target == nullptr ? std::nullopt : newest_archive_time(target->fd.get());
  std::chrono::sys_seconds time = now;
  if (newest && *newest > now) {
    if (*newest - now <= kSmallStepBack) {
      time = *newest + std::chrono::seconds(1);
    } else if (log) {
      log(LogLevel::warning, fmt::format("{}: the newest backup, {}, lies in the future: is the clock right?",
                                         target->directory.string(), snapshot_timestamp(*newest)));
    }
  }
  const auto taken = [&](const std::string& name) {
    for (const char* suffix : {"", "_incomplete"}) {
      for (const bool encrypted : {false, true}) {
        const std::string file = fmt::format("{}{}{}", name, suffix, archive_ending(encrypted));
        if (target != nullptr && ::faccessat(target->fd.get(), file.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
          return true;
      }
    }
    return ledger.has_name(name) || ledger.has_name(name + "_incomplete");
  };
  while (taken(snapshot_timestamp(time))) time += std::chrono::seconds(1);
  return time;
}

std::uint64_t min_free_of(const Config& config, const BackupTarget& target) {
  return min_free_in(space_of(target.fd.get(), target.directory), config.min_free_bytes);
}

}  // namespace wobackup
