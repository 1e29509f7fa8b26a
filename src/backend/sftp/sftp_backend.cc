#include "backend/sftp/sftp_backend.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "backend/folder_walk.h"
#include "backend/object_key.h"
#include "backend/partial_name.h"
#include "backend/sftp/sftp_object.h"
#include "backend/sftp/sftp_upload.h"
#include "backend/store_url.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// A live upload was written to a moment ago, or else its process has given up long since.
constexpr std::chrono::hours kIdle{24};

FolderItem item_of(SftpName&& name) {
  FolderItem item;
  item.name = std::move(name.name);
  if (name.attributes.mode && S_ISDIR(*name.attributes.mode)) item.kind = FolderItem::Kind::folder;
  if (std::optional<ObjectInfo> info = sftp_info("", name.attributes)) {
    item.kind = FolderItem::Kind::file;
    item.size_bytes = info->size_bytes;
    item.modified = info->modified;
    item.version = std::move(info->version);
  }
  return item;
}

// The server's time, from a file that it has just made.
std::chrono::sys_seconds server_time(SftpClient& client, const std::string& path) {
  const std::optional<SftpClient::Handle> handle = client.open(path, kSftpWrite | kSftpCreate);
  if (!handle) throw Error(ErrorKind::not_found, fmt::format("cannot write {}", printable(path)));
  const SftpAttributes attributes = client.fstat(*handle, path);
  static_cast<void>(client.close(*handle));
  static_cast<void>(client.remove(path));
  return std::chrono::sys_seconds(std::chrono::seconds(attributes.modified.value_or(0)));
}

}  // namespace

SftpBackend::SftpBackend(SftpSettings settings, const BackendSurroundings& surroundings)
    : name_(store_url(SftpPlace{settings.user, settings.host, settings.port, settings.folder})),
      pool_(std::move(settings), surroundings.cancellation),
      surroundings_(surroundings) {}

std::string SftpBackend::path_of(const std::string& key) const {
  const std::string& folder = pool_.settings().folder;
  if (key.empty()) return folder;
  if (folder == ".") return key;
  return folder == "/" ? "/" + key : folder + "/" + key;
}

std::string SftpBackend::shown(const std::string& key) const { return fmt::format("{}/{}", name_, printable(key)); }

std::optional<ObjectInfo> SftpBackend::stat(const std::string& key) {
  require_object_key(key);
  const SftpLease lease = pool_.take();
  const std::optional<SftpAttributes> attributes = lease.client().lstat(path_of(key));
  if (!attributes || (attributes->mode && S_ISDIR(*attributes->mode))) return std::nullopt;
  std::optional<ObjectInfo> info = sftp_info(key, *attributes);
  if (!info) throw Error(ErrorKind::failed, fmt::format("{} is not a regular file", shown(key)));
  return info;
}

std::unique_ptr<OpenObject> SftpBackend::open(const std::string& key, const OpenOptions&) {
  require_object_key(key);
  return open_sftp_object(pool_, key, path_of(key), shown(key));
}

ListSummary SftpBackend::list(const std::string& prefix, const std::string& after, const ListVisitor& visit) {
  const auto items_of = [&](const std::string& folder) -> std::optional<std::vector<FolderItem>> {
    // A connection for each folder: `visit` may ask for objects meanwhile.
    const SftpLease lease = pool_.take();
    std::optional<std::vector<SftpName>> names = lease.client().list(path_of(folder));
    if (!names) {
      if (folder.empty() || !lease.client().lstat(path_of(""))) {
        throw Error(ErrorKind::not_found, fmt::format("no such folder: {}", name_));
      }
      return std::nullopt;
    }
    std::vector<FolderItem> items;
    items.reserve(names->size());
    for (SftpName& name : *names) items.push_back(item_of(std::move(name)));
    return items;
  };
  return walk_objects(items_of, prefix, after, visit);
}

std::unique_ptr<Upload> SftpBackend::put(const std::string& key, const PutOptions& options) {
  require_object_key(key);
  return std::make_unique<SftpUpload>(pool_, surroundings_, SftpTarget{name_, key, path_of(key), shown(key)},
                                      options.replace);
}

std::optional<std::uint64_t> SftpBackend::free_bytes() {
  const SftpLease lease = pool_.take();
  return lease.client().free_bytes(path_of(""));
}

void SftpBackend::remove(const std::string& key) {
  require_object_key(key);
  const SftpLease lease = pool_.take();
  const SftpResult result = lease.client().remove(path_of(key));
  if (result.ok() || result.status == SftpStatus::no_such_file) return;
  const std::optional<SftpAttributes> there = lease.client().lstat(path_of(key));
  if (!there || (there->mode && S_ISDIR(*there->mode))) return;  // there is no such object
  throw sftp_failure(fmt::format("cannot remove {}", shown(key)), result);
}

// Those that are this installation's by their name but not in the journal, because the state folder was lost.
void SftpBackend::remove_lost_partials(SftpClient& client, std::vector<std::string>& removed) {
  const std::string& owner = surroundings_.journal->owner();

  struct Found {
    std::string key;
    std::string path;
    std::chrono::sys_seconds modified;
  };
  std::vector<Found> found;
  const auto items_of = [&](const std::string& folder) -> std::optional<std::vector<FolderItem>> {
    std::optional<std::vector<SftpName>> names = client.list(path_of(folder));
    if (!names) return std::nullopt;
    std::vector<FolderItem> items;
    for (SftpName& name : *names) items.push_back(item_of(std::move(name)));
    return items;
  };
  walk_hidden_files(items_of, [&](const std::string& folder, const FolderItem& item) {
    const PartialName name = parse_partial_name(item.name);
    if (name.object.empty() || name.owner != owner) return;
    const std::string before = folder.empty() ? "" : folder + "/";
    found.push_back({before + std::string(name.object), path_of(before + item.name), item.modified});
  });
  if (found.empty()) return;
  const auto limit = server_time(client, path_of(partial_name("time", owner))) - kIdle;
  for (Found& partial : found) {
    // A live one was written to a moment ago.
    if (partial.modified >= limit || !client.remove(partial.path).ok()) continue;
    removed.push_back(std::move(partial.key));
  }
}

std::vector<std::string> SftpBackend::remove_unfinished() {
  std::vector<std::string> removed;
  if (surroundings_.journal == nullptr) return removed;
  const SftpLease lease = pool_.take();
  surroundings_.journal->visit_abandoned(name_, [&](const AbandonedUpload& abandoned) {
    const SftpResult result = lease.client().remove(abandoned.handle);
    if (!result.ok()) return result.status == SftpStatus::no_such_file;
    removed.push_back(abandoned.key);
    return true;
  });
  if (!surroundings_.journal->owner().empty()) remove_lost_partials(lease.client(), removed);
  return removed;
}

}  // namespace wobackup
