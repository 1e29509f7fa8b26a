// A tar of another program, read as a stream.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/random_access.h"
#include "container/manifest.h"

namespace wobackup {

/// Where a member of another program's tar belongs.
struct ForeignPath {
  std::string path;     ///< relative to the top folder; empty for the top folder itself
  bool unsafe = false;  ///< absolute or with "..": `path` is then as it stands in the tar
};

/// `top`: the top folder's name, empty if there is none. Empty and "." parts are left out; a path that lies beside the
/// top folder is given whole.
[[nodiscard]] ForeignPath foreign_path(std::string_view stored, std::string_view top);

/// A tar read by libarchive, member by member, plain or compressed by zstd, gzip, bzip2 or xz. All functions throw
/// Error verification for a file that is no tar, damaged, or cut off. The file is untrusted and outlives the object.
/// Used from one thread.
class ForeignTar {
 public:
  explicit ForeignTar(const RandomAccess& file);

  /// Goes to the next member. False at the end, which must be a tar's end.
  [[nodiscard]] bool next();
  /// The member's path as stored: any bytes.
  [[nodiscard]] std::string_view stored_path() const;
  [[nodiscard]] bool is_file() const;
  /// The site's vhost.json: at the top or in the top folder.
  [[nodiscard]] bool is_vhost() const;
  /// The member as a manifest would list it, without hash and offset. A path or a hard link's target that is absolute
  /// or leads upwards brings the flag "unsafe".
  [[nodiscard]] ManifestEntry entry(std::string_view top) const;
  /// Where the data of the member ends, in the tar.
  [[nodiscard]] std::uint64_t data_end() const;

  /// The member's data in ascending order; what is not given are holes.
  void read(const std::function<void(std::uint64_t offset, ByteSpan)>& sink);
  /// The same as text, at most so long.
  [[nodiscard]] std::string content(std::size_t limit_bytes);

 private:
  static la_ssize_t read_piece(archive*, void* self, const void** buffer);
  [[noreturn]] void damaged(const char* why) const;
  [[noreturn]] void failed() const;
  [[nodiscard]] std::uint64_t consumed() const;

  const RandomAccess& file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;
  ByteVector buffer_;
  std::uint64_t at_ = 0;
  std::exception_ptr read_error_;  // exceptions do not pass through C
};

}  // namespace wobackup
