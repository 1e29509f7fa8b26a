// Writes tar members: ustar headers, with pax extended headers where ustar is too small.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "container/entry.h"

namespace wobackup {

constexpr std::size_t kTarBlockBytes = 512;

/// Appends the header blocks of the member "<top>/<entry.path>" (the top folder itself for an empty path): a ustar
/// header (POSIX.1-1988), before it a pax header (POSIX.1-2001, type 'x') where path, link, size, time, owner, extended
/// attributes (SCHILY.xattr.*), ACLs (SCHILY.acl.*) or holes (GNU.sparse 1.0) need one. Neither access nor change
/// times, nor anything else that differs between two runs, is stored. The member's data must follow: `stored_size`
/// bytes, then zeros up to whole blocks.
void append_tar_header(ByteVector& out, const Entry& entry, std::string_view top);

/// Length of the member's data in the tar: of a sparse file, its map and its segments; 0 for everything but files.
[[nodiscard]] std::uint64_t stored_size(const Entry& entry);

/// Appends the map in front of a sparse file's segments (GNU sparse 1.0): decimal lines, padded to whole blocks.
void append_sparse_map(ByteVector& out, const Entry& entry);

/// How many zeros follow data of this length.
[[nodiscard]] constexpr std::size_t padding_to_block(std::uint64_t size) noexcept {
  return static_cast<std::size_t>((kTarBlockBytes - size % kTarBlockBytes) % kTarBlockBytes);
}

}  // namespace wobackup
