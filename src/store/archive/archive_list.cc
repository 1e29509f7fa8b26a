#include "store/archive/archive_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <tuple>
#include <utility>

#include "age/age_structure.h"
#include "age/unlock.h"
#include "base/file_access.h"
#include "base/json_text.h"
#include "base/system_error.h"
#include "base/text.h"
#include "store/archive/archive_file.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/archive_name.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

void describe(const RandomAccess& content, SnapshotRef& ref) {
  try {
    const ArchiveMetadata metadata = read_metadata(content, SearchDepth::beginning);
    ref.indexed = metadata.indexed();
    ref.type = text_member(metadata.vhost, "backup_type");
    ref.reason = text_member(metadata.vhost, "backup_reason");
    if (metadata.header && !metadata.header->complete) ref.complete = false;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::verification, std::string("its metadata cannot be read: ") + printable(error.what()));
  }
}

// Whether the keys would do without anybody being asked, for a list that may be long.
bool opens_by_itself(const Keys& keys, const AgeHeader& header) {
  const KeySources& sources = keys.sources();
  if (!header.has_passphrase()) return sources.has_identity();
  return sources.passphrase_file || !sources.passphrase_command.empty();
}

void describe_encrypted(std::shared_ptr<const RandomAccess> stored, const Keys& keys,
                        const RememberedArchive& remembered, SnapshotRef& ref) {
  const AgeStructure structure = read_age_structure(*stored);
  if (remembered && remembered(ref)) return;
  if (!opens_by_itself(keys, structure.header)) return;
  try {
    describe(ArchiveFile(std::move(stored), keys), ref);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::wrong_key) throw;  // somebody else's: nothing is wrong with it
  }
}

}  // namespace

void describe_archive(std::shared_ptr<const RandomAccess> stored, const Keys& keys, const RememberedArchive& remembered,
                      SnapshotRef& ref) {
  ref.encrypted = is_encrypted(*stored);
  if (ref.encrypted) return describe_encrypted(std::move(stored), keys, remembered, ref);
  describe(ArchiveFile(std::move(stored), keys), ref);
}

namespace {

void look_into(int directory_fd, const std::string& file_name, const Keys& keys, const RememberedArchive& remembered,
               SnapshotRef& ref) {
  try {
    UniqueFd fd(::openat(directory_fd, file_name.c_str(), kFileFlags));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
      ref.problem = errno == ELOOP ? "is a symbolic link" : errno_text(errno);
      return;
    }
    if (!S_ISREG(status.st_mode)) {
      ref.problem = "is not a regular file";
      return;
    }
    ref.size_bytes = static_cast<std::uint64_t>(status.st_size);
    describe_archive(std::make_unique<const FileAccess>(std::move(fd), ref.size_bytes, file_name), keys, remembered,
                     ref);
  } catch (const Error& error) {
    ref.problem = error.message();
  }
}

}  // namespace

std::vector<SnapshotRef> list_archive_names(int directory_fd, const std::filesystem::path& directory,
                                            const std::string& site) {
  std::vector<SnapshotRef> refs;
  const int listing_fd = ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(listing_fd < 0 ? nullptr : ::fdopendir(listing_fd), ::closedir);
  if (!listing) throw system_error(fmt::format("cannot read {}", directory.string()), errno);
  while (const dirent* item = ::readdir(listing.get())) {
    const auto name = archive_name_from(item->d_name);
    struct stat status {};
    if (!name || ::fstatat(directory_fd, item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(status.st_mode)) {
      continue;
    }
    SnapshotRef ref;
    ref.site = site;
    ref.name = name->name;
    ref.archive = directory / item->d_name;
    ref.time = name->time;
    ref.complete = name->complete();
    ref.encrypted = name->encrypted;
    if (S_ISREG(status.st_mode)) {
      ref.size_bytes = static_cast<std::uint64_t>(status.st_size);
    } else {
      ref.problem = S_ISLNK(status.st_mode) ? "is a symbolic link" : "is not a regular file";
    }
    refs.push_back(std::move(ref));
  }
  std::sort(refs.begin(), refs.end(), [](const SnapshotRef& a, const SnapshotRef& b) {
    return std::tie(b.time, b.name) < std::tie(a.time, a.name);
  });
  return refs;
}

std::vector<SnapshotRef> list_archives(int directory_fd, const std::filesystem::path& directory,
                                       const std::string& site, const Keys& keys, const RememberedArchive& remembered) {
  std::vector<SnapshotRef> refs = list_archive_names(directory_fd, directory, site);
  for (SnapshotRef& ref : refs) {
    if (ref.problem.empty()) look_into(directory_fd, ref.archive.filename().string(), keys, remembered, ref);
  }
  return refs;
}

Json archive_info(const std::filesystem::path& archive, const Keys& keys) {
  std::unique_ptr<FileAccess> stored = open_stored_archive(archive);
  struct stat status {};
  if (::fstat(stored->fd(), &status) != 0) throw system_error(fmt::format("cannot look at {}", stored->name()), errno);
  return archive_info(archive, ArchiveFile(std::move(stored), keys),
                      static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) / 1e9);
}

Json archive_info(const std::filesystem::path& archive, const ArchiveFile& file, double modified) {
  ArchiveMetadata metadata = read_metadata(file, SearchDepth::whole);
  Json info = std::move(metadata.vhost);
  const auto file_name = archive_name_from(archive.filename().string());
  info["archive_path"] = is_utf8(archive.string()) ? archive.string() : file.name();
  info["archive_size"] = file.stored().size();
  info["archive_mtime"] = modified;
  info["indexed"] = metadata.indexed();
  info["complete"] = metadata.header ? metadata.header->complete : !file_name || file_name->complete();
  info["encrypted"] = file.encrypted();
  if (metadata.header) {
    const ManifestHeader& header = *metadata.header;
    info["entries"] = header.entries;
    info["files"] = header.files;
    info["file_bytes"] = header.file_bytes;
    info["tar_bytes"] = header.tar_bytes;
    info["tables"] = header.tables;
    info["rows"] = header.rows;
    info["unreadable_count"] = header.unreadable_count;
    info["notes_count"] = header.notes_count;
    info["notes"] = header.notes;
    info["tool_version"] = header.tool_version;
  }
  return info;
}

}  // namespace wobackup
