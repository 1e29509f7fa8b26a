#include "autoupdate/retention.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "service/store_retention.h"
#include "snapshot/state_folder.h"

namespace wobackup {
namespace {

bool is_proven(const SnapshotRef& ref) {
  return ref.problem.empty() && ref.verified && ref.verified->ok && ref.verified->level >= VerifyLevel::data &&
         ref.verified->sample >= 1;
}

// What is unfinished may need any backup of the site.
void require_settled(const Service& service, const std::string& site) {
  if (service.pending_guard(site)) {
    throw Error(ErrorKind::locked, fmt::format("{}: a guard is unfinished, so no backup is removed", site));
  }
  const std::optional<PendingRestore> restore = service.pending_restore(site);
  if (restore && (restore->interrupted || restore->running)) {
    throw Error(ErrorKind::locked, fmt::format("{}: a restore is unfinished, so no backup is removed", site));
  }
}

// REQUIRES: the site's lock. No link is followed: the folder may be the site's.
void unlink_archive(const std::filesystem::path& archive) {
  const UniqueFd folder = open_trusted_directory(archive.parent_path(), false);
  const std::string name = archive.filename().string();
  struct stat status {};
  if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::failed, fmt::format("{} is no file", printable(archive.string())));
  }
  if (::unlinkat(folder.get(), name.c_str(), 0) != 0 || ::fsync(folder.get()) != 0) {
    throw system_error(fmt::format("cannot remove {}", printable(archive.string())), errno);
  }
}

// What can be read back, every byte; of an encrypted one whose key is elsewhere, from outside.
Verified verify_new(const Service& service, const std::filesystem::path& newest, const std::function<bool()>& cancelled,
                    std::vector<std::string>& notes) {
  VerifyOptions options;
  options.level = VerifyLevel::data;
  options.cancelled = cancelled;
  try {
    return service.verify(newest, options);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::wrong_key) throw;
  }
  options.level = VerifyLevel::quick;
  Verified verified = service.verify(newest, options);
  if (verified.ok) {
    notes.push_back(fmt::format(
        "{} is encrypted, and nothing here opens it: its sum was compared, its content was not; it stands for no older "
        "backup, which is kept",
        printable(newest.filename().string())));
  }
  return verified;
}

FileLock lock_of(const Service& service, const std::string& site) {
  const StateFolder state(service.config().state_dir);
  return FileLock(state.lock_file(site), fmt::format("remove old backups of {}", site), std::chrono::seconds(0), {});
}

}  // namespace

std::vector<SnapshotRef> superseded(const std::vector<SnapshotRef>& backups, const std::string& reason,
                                    std::size_t keep) {
  std::vector<SnapshotRef> same;
  std::copy_if(backups.begin(), backups.end(), std::back_inserter(same),
               [&](const SnapshotRef& ref) { return ref.reason == reason; });
  std::stable_sort(same.begin(), same.end(), [](const auto& a, const auto& b) { return a.time > b.time; });
  std::vector<SnapshotRef> old;
  std::size_t proven = 0, proven_complete = 0;
  for (const SnapshotRef& ref : same) {
    if ((ref.complete ? proven_complete : proven) >= keep) old.push_back(ref);
    if (!is_proven(ref)) continue;
    ++proven;
    if (ref.complete) ++proven_complete;
  }
  return old;
}

Retention retire_older(Service& service, const std::string& site, const std::filesystem::path& newest,
                       const std::string& reason, std::size_t keep, const std::function<bool()>& cancelled) {
  Retention result;
  const Verified verified = verify_new(service, newest, cancelled, result.notes);
  if (!verified.ok) {
    throw Error(ErrorKind::verification, fmt::format("{}: the new backup {} is damaged", site, newest.string()),
                "no older one was removed; look at the disk, and make another one");
  }
  result.verified = verified.level >= VerifyLevel::data;
  try {
    const FileLock lock = lock_of(service, site);
    require_settled(service, site);
    const std::filesystem::path root = newest.parent_path().parent_path();
    for (const SnapshotRef& ref : superseded(service.list(site, root), reason, keep)) {
      try {
        unlink_archive(ref.archive);
        result.removed.push_back(ref.archive);
      } catch (const Error& error) {
        result.notes.push_back(error.message());
      }
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    result.notes.push_back("older backups were not removed: " + error.message());
  }
  return result;
}

void remove_backup(Service& service, const std::string& site, const std::filesystem::path& archive) {
  const FileLock lock = lock_of(service, site);
  require_settled(service, site);
  const std::optional<StoredName> elsewhere = stored_name(archive, service.config());
  if (!elsewhere) return unlink_archive(archive);
  const SystemClock clock;
  const LogSink log;
  remove_stored(*elsewhere, site, {service.config(), clock, log});
}

}  // namespace wobackup
