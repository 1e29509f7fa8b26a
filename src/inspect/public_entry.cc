#include "inspect/public_entry.h"

namespace wobackup {

ArchiveEntry public_entry(const ManifestEntry& listed) {
  const Entry& from = listed.entry;
  ArchiveEntry entry;
  entry.path = from.path;
  entry.type = name_of(from.type);
  entry.mode = from.mode;
  entry.uid = from.uid;
  entry.gid = from.gid;
  entry.user = from.user;
  entry.group = from.group;
  entry.size = from.type == EntryType::file ? from.size : 0;
  entry.mtime = std::chrono::sys_seconds(std::chrono::seconds(from.mtime.seconds));
  entry.mtime_ns = from.mtime.nanoseconds;
  entry.link = from.link;
  entry.device_major = from.device_major;
  entry.device_minor = from.device_minor;
  entry.sparse = from.sparse;
  if (listed.sha256) entry.sha256 = hex(*listed.sha256);
  entry.flags = listed.flags;
  entry.error = listed.error;
  return entry;
}

}  // namespace wobackup
