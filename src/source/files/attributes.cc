#include "source/files/attributes.h"

#include <acl/libacl.h>
#include <sys/acl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/system_error.h"

namespace wobackup {
namespace {

constexpr std::string_view kAccessAcl = "system.posix_acl_access";
constexpr std::string_view kDefaultAcl = "system.posix_acl_default";
constexpr std::size_t kMostSegments = 100'000;

// The names, each ended by a zero byte. Sizes may change between two calls, hence the loop.
int list_names(int fd, std::string& names) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const ssize_t wanted = ::flistxattr(fd, nullptr, 0);
    if (wanted <= 0) return wanted < 0 ? errno : 0;
    names.resize(static_cast<std::size_t>(wanted));
    const ssize_t got = ::flistxattr(fd, names.data(), names.size());
    if (got >= 0) {
      names.resize(static_cast<std::size_t>(got));
      return 0;
    }
    if (errno != ERANGE) return errno;
  }
  return ERANGE;
}

int get_value(int fd, const std::string& name, std::string& value) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const ssize_t wanted = ::fgetxattr(fd, name.c_str(), nullptr, 0);
    if (wanted < 0) return errno;
    value.resize(static_cast<std::size_t>(wanted));
    const ssize_t got = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (got >= 0) {
      value.resize(static_cast<std::size_t>(got));
      return 0;
    }
    if (errno != ERANGE) return errno;
  }
  return ERANGE;
}

struct AclFree {
  void operator()(void* memory) const noexcept { ::acl_free(memory); }
};

// Numeric ids: a name may mean somebody else, or nobody, on the machine where the backup is restored.
std::string text_of_acl(acl_t acl) {
  const std::unique_ptr<char, AclFree> text(::acl_to_any_text(acl, nullptr, ',', TEXT_NUMERIC_IDS));
  return text ? std::string(text.get()) : std::string();
}

int set_acl(Entry& entry, int fd, bool default_acl) {
  // libacl reads default ACLs by path only.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const std::unique_ptr<std::remove_pointer_t<acl_t>, AclFree> acl(
      default_acl ? ::acl_get_file(path.c_str(), ACL_TYPE_DEFAULT) : ::acl_get_fd(fd));
  if (!acl) return errno;
  (default_acl ? entry.acl_default : entry.acl_access) = text_of_acl(acl.get());
  return 0;
}

// Data segments, leaving out holes shorter than `shortest_hole`. Returns false if there are more than the limit.
bool find_segments(int fd, std::uint64_t size, std::uint64_t shortest_hole, std::vector<SparseSegment>& segments) {
  segments.clear();
  std::uint64_t at = 0;
  while (at < size) {
    const off_t data = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 || static_cast<std::uint64_t>(data) >= size) break;
    const off_t hole = ::lseek(fd, data, SEEK_HOLE);
    const auto begin = static_cast<std::uint64_t>(data);
    const std::uint64_t end = hole < 0 ? size : std::min(size, static_cast<std::uint64_t>(hole));
    const std::uint64_t last_end = segments.empty() ? 0 : segments.back().offset + segments.back().length;
    if (!segments.empty() && begin - last_end < shortest_hole) {
      segments.back().length = end - segments.back().offset;
    } else {
      if (segments.size() == kMostSegments) return false;
      segments.push_back({begin, end - begin});
    }
    at = end;
    if (end <= begin) break;  // the file is changing; what is missing shows as a change
  }
  return true;
}

}  // namespace

void set_status(Entry& entry, const struct stat& status, OwnerNames& names) {
  entry.mode = status.st_mode & 07777U;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.user = names.user(status.st_uid);
  entry.group = names.group(status.st_gid);
  entry.size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  entry.mtime = {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    entry.device_major = major(status.st_rdev);
    entry.device_minor = minor(status.st_rdev);
  }
}

std::string set_attributes(Entry& entry, int fd) {
  entry.xattrs.clear();
  entry.acl_access.clear();
  entry.acl_default.clear();
  std::string names;
  int error_number = list_names(fd, names);
  for (std::size_t at = 0; error_number == 0 && at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    if (name == kAccessAcl || name == kDefaultAcl) {
      error_number = set_acl(entry, fd, name == kDefaultAcl);
    } else if (!name.starts_with("system.")) {
      Xattr xattr{name, {}};
      error_number = get_value(fd, name, xattr.value);
      if (error_number == 0) entry.xattrs.push_back(std::move(xattr));
    }
    if (error_number == ENODATA) error_number = 0;  // removed meanwhile
  }
  std::sort(entry.xattrs.begin(), entry.xattrs.end(), [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
  if (error_number == 0 || error_number == ENOTSUP) return {};
  return "its extended attributes cannot be read: " + errno_text(error_number);
}

void set_segments(Entry& entry, int fd, const struct stat& status) {
  entry.sparse = false;
  entry.segments.clear();
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto allocated = static_cast<std::uint64_t>(status.st_blocks) * 512U;
  if (allocated >= size) return;
  std::uint64_t shortest_hole = 1;
  while (!find_segments(fd, size, shortest_hole, entry.segments)) {
    shortest_hole = std::max(size / (kMostSegments / 2), shortest_hole * 4);
  }
  std::uint64_t data_bytes = 0;
  for (const SparseSegment& segment : entry.segments) data_bytes += segment.length;
  entry.sparse = data_bytes < size;
  if (!entry.sparse) entry.segments.clear();
}

}  // namespace wobackup
