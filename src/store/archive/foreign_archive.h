// An archive of another program, read as a stream.
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
#include "store/archive/unpacked_stream.h"

namespace wobackup {

/// Where a member of another program's archive belongs.
struct ForeignPath {
  std::string path;     ///< relative to the top folder; empty for the top folder itself
  bool unsafe = false;  ///< absolute or with "..": `path` is then as it stands in the archive
};

/// `top`: the top folder's name, empty if there is none. Empty and "." parts are left out; a path that lies beside the
/// top folder is given whole.
[[nodiscard]] ForeignPath foreign_path(std::string_view stored, std::string_view top);

/// Whether a member's path, or its hard link's target, is absolute or leads upwards.
[[nodiscard]] bool is_unsafe(const ManifestEntry& listed);

/// A tar, zip, cpio or 7z, the first and the third plain or compressed by any program whose format libarchive knows
/// itself, read by libarchive member by member. All functions throw Error verification for a file that is none of
/// these, damaged, encrypted, or cut off. The file is untrusted and outlives the object. Used from one thread.
class ForeignArchive {
 public:
  explicit ForeignArchive(const RandomAccess& file);

  /// Goes to the next member. False at the end, which must be whole.
  [[nodiscard]] bool next();
  /// The member's path as stored: any bytes.
  [[nodiscard]] std::string_view stored_path() const;
  [[nodiscard]] bool is_file() const;
  /// The site's vhost.json: at the top or in the top folder.
  [[nodiscard]] bool is_vhost() const;
  /// The member as a manifest would list it, without hash and offset. What is_unsafe asks
  /// for is among its flags. A path that the archive names in Unicode is UTF-8.
  [[nodiscard]] ManifestEntry entry(std::string_view top) const;
  /// So much of the unpacked archive has to be read to get behind the member's data. At least; a zip is not unpacked.
  [[nodiscard]] std::uint64_t data_end() const;

  /// The member's data in ascending order; what is not given are holes.
  void read(const std::function<void(std::uint64_t offset, ByteSpan)>& sink);
  /// The same as text, at most so long.
  [[nodiscard]] std::string content(std::size_t limit_bytes);

 private:
  static la_ssize_t read_piece(archive*, void* self, const void** buffer);
  static la_int64_t skip(archive*, void* self, la_int64_t bytes);
  static la_int64_t seek(archive*, void* self, la_int64_t offset, int whence);
  [[noreturn]] void damaged(const char* why) const;
  [[noreturn]] void failed() const;
  [[nodiscard]] std::uint64_t consumed() const;
  /// The next bytes, unpacked; empty at the end.
  [[nodiscard]] ByteSpan next_piece();
  void require_end();
  /// One of ARCHIVE_FORMAT_TAR, _ZIP, _CPIO and _7ZIP.
  [[nodiscard]] int format() const;

  const RandomAccess& file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;
  std::string_view stored_path_;    // of entry_
  std::uint64_t passed_bytes_ = 0;  // of the members so far, this one included
  ByteVector buffer_;
  std::unique_ptr<UnpackedStream> unpacked_;  // null: the file is not compressed
  std::uint64_t at_ = 0;                      // how far it was read, unpacked
  std::uint64_t content_end_ = 0;             // behind the last byte so far that is no zero
  std::uint64_t members_ = 0;
  std::exception_ptr read_error_;  // exceptions do not pass through C
};

}  // namespace wobackup
