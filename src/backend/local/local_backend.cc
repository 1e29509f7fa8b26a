#include "backend/local/local_backend.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "backend/folder_walk.h"
#include "backend/local/local_upload.h"
#include "backend/object_key.h"
#include "backend/partial_name.h"
#include "base/file_access.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

std::string version_of(const struct stat& status) {
  return fmt::format("{:x}-{:x}-{:x}.{:09}", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

std::chrono::sys_seconds time_of(const struct stat& status) {
  return std::chrono::sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec));
}

FolderItem item_of(const char* name, const struct stat& status) {
  FolderItem item;
  item.name = name;
  if (S_ISDIR(status.st_mode)) item.kind = FolderItem::Kind::folder;
  if (S_ISREG(status.st_mode)) item.kind = FolderItem::Kind::file;
  item.size_bytes = static_cast<std::uint64_t>(status.st_size);
  item.modified = time_of(status);
  item.version = version_of(status);
  return item;
}

std::optional<std::vector<FolderItem>> list_folder(const std::filesystem::path& store, int store_fd,
                                                   const std::string& folder) {
  const UniqueFd fd = open_beneath(store_fd, folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  const std::string shown = printable((store / folder).string());
  if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return std::nullopt;
  if (!fd) throw system_error(fmt::format("cannot list {}", shown), errno);
  const int listing_fd = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(listing_fd < 0 ? nullptr : ::fdopendir(listing_fd), ::closedir);
  if (!listing) throw system_error(fmt::format("cannot list {}", shown), errno);
  std::vector<FolderItem> items;
  for (errno = 0; const dirent* entry = ::readdir(listing.get()); errno = 0) {
    if (std::string_view(entry->d_name) == "." || std::string_view(entry->d_name) == "..") continue;
    struct stat status {};
    if (::fstatat(fd.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
    items.push_back(item_of(entry->d_name, status));
  }
  if (errno != 0) throw system_error(fmt::format("cannot list {}", shown), errno);
  return items;
}

// An open file that tells when it is not what it was.
class LocalObject final : public OpenObject {
 public:
  LocalObject(UniqueFd fd, ObjectInfo info, std::string name)
      : info_(std::move(info)), file_(std::move(fd), info_.size_bytes, std::move(name)) {}

  [[nodiscard]] const ObjectInfo& info() const override { return info_; }
  [[nodiscard]] const std::string& name() const override { return file_.name(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    if (offset >= info_.size_bytes) return 0;
    buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), info_.size_bytes - offset)));
    if (file_.read(offset, buffer) != buffer.size()) {
      throw Error(ErrorKind::verification, fmt::format("{} has become shorter while it was read", name()));
    }
    return buffer.size();
  }

 private:
  ObjectInfo info_;
  FileAccess file_;
};

// The folder in which an object lies, made on the way. Each new one is synced into the one above.
UniqueFd make_folders(int store_fd, const std::string& folder, const std::filesystem::path& store) {
  UniqueFd here(::fcntl(store_fd, F_DUPFD_CLOEXEC, 0));
  if (folder.empty()) return here;
  for (const std::string_view part : split(folder, '/')) {
    const std::string name(part);
    if (::mkdirat(here.get(), name.c_str(), 0700) == 0) {
      ::fsync(here.get());
    } else if (errno != EEXIST) {
      throw system_error(fmt::format("cannot make a folder in {}", printable(store.string())), errno);
    }
    UniqueFd next = open_beneath(here.get(), name, O_RDONLY | O_DIRECTORY);
    if (!next) throw system_error(fmt::format("cannot open {}", printable((store / folder).string())), errno);
    here = std::move(next);
  }
  return here;
}

// Whether a lock here tells of all who could be writing. Network and FUSE file systems may keep locks to themselves.
bool only_this_machine_writes(int fd) {
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return false;
  constexpr std::uint32_t kXfs = 0x58465342, kBtrfs = 0x9123683E, kTmpfs = 0x01021994, kOverlay = 0x794C7630,
                          kExt = 0xEF53, kZfs = 0x2FC12FC1, kF2fs = 0xF2F52010, kExfat = 0x2011BAB0, kFat = 0x4D44;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return type == kXfs || type == kBtrfs || type == kTmpfs || type == kOverlay || type == kExt || type == kZfs ||
         type == kF2fs || type == kExfat || type == kFat;
}

}  // namespace

LocalBackend::LocalBackend(std::filesystem::path folder, std::string owner, std::string mark)
    : folder_(std::move(folder)), owner_(std::move(owner)), mark_(std::move(mark)), name_(folder_.string()) {}

UniqueFd LocalBackend::open_folder() const {
  const std::string shown = printable(name_);
  UniqueFd folder;
  try {
    folder = open_trusted_directory(folder_, false);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    throw Error(ErrorKind::not_found, fmt::format("there is no folder {}", shown),
                fmt::format("is its disk mounted? If it is, and the store is new: mkdir -m 700 {}", shown));
  }
  if (!mark_.empty() && ::faccessat(folder.get(), mark_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
    throw Error(ErrorKind::not_found,
                fmt::format("{} is not the folder that has the backups: no {} is in it", shown, mark_),
                fmt::format("is its disk mounted? If this is another disk on purpose: touch {}/{}", shown, mark_));
  }
  return folder;
}

UniqueFd LocalBackend::open_object(const std::string& key, int flags, ObjectInfo& info) const {
  require_object_key(key);
  const UniqueFd store = open_folder();
  UniqueFd fd = open_beneath(store.get(), key, flags);
  const std::string shown = printable((folder_ / key).string());
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return UniqueFd();
  if (!fd) throw system_error(fmt::format("cannot open {}", shown), errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw system_error(fmt::format("cannot open {}", shown), errno);
  if (S_ISDIR(status.st_mode)) return UniqueFd();
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::failed, fmt::format("{} is not a regular file", shown));
  info = {key, static_cast<std::uint64_t>(status.st_size), time_of(status), version_of(status)};
  return fd;
}

std::optional<ObjectInfo> LocalBackend::stat(const std::string& key) {
  ObjectInfo info;
  if (!open_object(key, O_PATH, info)) return std::nullopt;
  return info;
}

std::unique_ptr<OpenObject> LocalBackend::open(const std::string& key, const OpenOptions&) {
  ObjectInfo info;
  UniqueFd fd = open_object(key, O_RDONLY | O_NONBLOCK, info);
  const std::string shown = printable((folder_ / key).string());
  if (!fd) throw Error(ErrorKind::not_found, fmt::format("no such file: {}", shown));
  return std::make_unique<LocalObject>(std::move(fd), std::move(info), shown);
}

ListSummary LocalBackend::list(const std::string& prefix, const std::string& after, const ListVisitor& visit) {
  const UniqueFd store = open_folder();
  const auto items_of = [&](const std::string& folder) { return list_folder(folder_, store.get(), folder); };
  return walk_objects(items_of, prefix, after, visit);
}

std::unique_ptr<Upload> LocalBackend::put(const std::string& key, const PutOptions& options) {
  require_object_key(key);
  const UniqueFd store = open_folder();
  const std::size_t slash = key.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : key.substr(0, slash);
  return std::make_unique<LocalUpload>(make_folders(store.get(), folder, folder_), folder_ / folder,
                                       key.substr(folder.empty() ? 0 : slash + 1), owner_, options.replace);
}

std::optional<std::uint64_t> LocalBackend::free_bytes() {
  const UniqueFd store = open_folder();
  struct statvfs status {};
  if (::fstatvfs(store.get(), &status) != 0) {
    throw system_error(fmt::format("cannot tell the free space of {}", printable(name_)), errno);
  }
  return status.f_bavail * status.f_frsize;
}

void LocalBackend::remove(const std::string& key) {
  ObjectInfo info;
  if (!open_object(key, O_PATH, info)) return;
  const UniqueFd store = open_folder();
  const std::size_t slash = key.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : key.substr(0, slash);
  const std::string file = slash == std::string::npos ? key : key.substr(slash + 1);
  const UniqueFd directory = open_beneath(store.get(), folder, O_RDONLY | O_DIRECTORY);
  const bool removed = directory && ::unlinkat(directory.get(), file.c_str(), 0) == 0;
  if (!removed && errno != ENOENT) {
    throw system_error(fmt::format("cannot remove {}", printable((folder_ / key).string())), errno);
  }
  if (directory) ::fsync(directory.get());
}

std::vector<std::string> LocalBackend::remove_unfinished() {
  std::vector<std::string> removed;
  const UniqueFd store = open_folder();
  const bool locks_tell = only_this_machine_writes(store.get());
  const auto items_of = [&](const std::string& folder) { return list_folder(folder_, store.get(), folder); };
  walk_hidden_files(items_of, [&](const std::string& folder, const FolderItem& item) {
    const auto [object, owner] = parse_partial_name(item.name);
    if (object.empty() || (owner != owner_ && !locks_tell)) return;
    const UniqueFd directory = open_beneath(store.get(), folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
    if (!directory) return;
    const UniqueFd fd = open_beneath(directory.get(), item.name, O_RDONLY | O_NONBLOCK);
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return;  // somebody is writing it
    if (::unlinkat(directory.get(), item.name.c_str(), 0) != 0) return;
    removed.push_back(folder.empty() ? std::string(object) : folder + "/" + std::string(object));
  });
  return removed;
}

}  // namespace wobackup
