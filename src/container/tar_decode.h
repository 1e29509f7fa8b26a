// Reads tar headers of untrusted archives.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "container/entry.h"

namespace wobackup {

/// A member as its header blocks tell of it.
struct TarMember {
  Entry entry;                   ///< path as stored, without a slash at its end
  std::uint64_t data_bytes = 0;  ///< stored data that follows
  std::size_t header_bytes = 0;  ///< length of all its header blocks
};

/// Decodes the member whose first header block begins `blocks`: ustar, pax (path, linkpath, size, mtime, uid, gid,
/// uname, gname, SCHILY.xattr.*, SCHILY.acl.*, GNU.sparse 1.0) and GNU's long names and base-256 numbers. Nothing at
/// the end of the tar (a zero block). Throws Error verification for anything else, or if `blocks` ends within the
/// headers. Extended headers are at most 16 MiB.
[[nodiscard]] std::optional<TarMember> decode_tar_member(ByteSpan blocks);

}  // namespace wobackup
