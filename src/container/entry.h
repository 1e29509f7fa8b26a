// One member of a snapshot: what the tar header says about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wobackup {

enum class EntryType { file, directory, symlink, hardlink, fifo, character_device, block_device };

/// The word in the manifest ("file", "dir", "symlink", "hardlink", "fifo", "chardev", "blockdev").
[[nodiscard]] std::string_view name_of(EntryType type) noexcept;
[[nodiscard]] std::optional<EntryType> entry_type_from(std::string_view name) noexcept;

/// Seconds since 1970, which may be negative, and 0 to 999,999,999 nanoseconds after them.
struct FileTime {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
  friend bool operator==(const FileTime&, const FileTime&) = default;
};

/// A run of data in a sparse file; the rest are holes. Offsets in the logical file, ascending, not touching. All but
/// the last are multiples of 512 bytes long: GNU tar reads each from a new block.
struct SparseSegment {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  friend bool operator==(const SparseSegment&, const SparseSegment&) = default;
};

struct Xattr {
  std::string name;   ///< "user.comment"
  std::string value;  ///< any bytes
  friend bool operator==(const Xattr&, const Xattr&) = default;
};

/// Plain data. Paths are raw bytes relative to the archive's top folder, without a slash at either end.
struct Entry {
  std::string path;
  EntryType type = EntryType::file;
  std::uint32_t mode = 0644;  ///< permission bits with setuid, setgid and sticky (07777)
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::string user;  ///< empty if the number has no name
  std::string group;
  std::uint64_t size = 0;  ///< logical size of a regular file; 0 for everything else
  FileTime mtime;
  std::string link;  ///< symlink: its text; hardlink: the first member's path, relative to the top folder
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::vector<Xattr> xattrs;  ///< without POSIX ACLs
  std::string acl_access;     ///< text form, entries separated by commas, numeric ids; empty if there is none
  std::string acl_default;
  bool sparse = false;                  ///< stored as GNU sparse 1.0
  std::vector<SparseSegment> segments;  ///< of a sparse file
};

}  // namespace wobackup
