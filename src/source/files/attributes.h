// What the file system knows of a file besides its bytes.
#pragma once

#include <sys/stat.h>

#include <string>

#include "container/entry.h"
#include "source/files/owner_names.h"

namespace wobackup {

/// Mode, owner, size (of regular files), time, device numbers.
void set_status(Entry& entry, const struct stat& status, OwnerNames& names);

/// Extended attributes (but system.* ones) and POSIX ACLs of an open file or folder. Returns an error text if they
/// could not be read; file systems without them have none.
[[nodiscard]] std::string set_attributes(Entry& entry, int fd);

/// The data segments of a sparse file; sets `entry.sparse` if there are holes. A file with very many holes keeps the
/// large ones only, so that its map stays small.
void set_segments(Entry& entry, int fd, const struct stat& status);

}  // namespace wobackup
