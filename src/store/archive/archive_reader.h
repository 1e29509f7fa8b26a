// An archive opened for what it holds.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/random_access.h"
#include "container/container_reader.h"
#include "container/manifest.h"
#include "wobackup/json.h"

namespace wobackup {

/// An archive opened for reading what it holds. Indexed ones (made by this program) are read in part; others (the older
/// Python service's, and what else libarchive opens as a tar in zstd, gzip, bzip2 or xz) as a stream from the beginning
/// each time. The file is untrusted and outlives the reader. All functions throw Error verification for what is
/// damaged, and may be called from several threads at once.
class ArchiveReader {
 public:
  /// Reads the index, or the first megabytes of an archive without one.
  explicit ArchiveReader(const RandomAccess& file);
  /// The same of an indexed archive that has been opened already.
  ArchiveReader(const RandomAccess& file, const ContainerReader& container);

  [[nodiscard]] bool indexed() const noexcept { return container_.has_value(); }
  [[nodiscard]] const RandomAccess& file() const noexcept { return file_; }
  /// Null unless indexed.
  [[nodiscard]] const ContainerReader* container() const noexcept { return container_ ? &*container_ : nullptr; }
  /// vhost.json. Null if a tar of another program has none; to know that, the whole of it may have to be read.
  [[nodiscard]] const Json& vhost() const;
  /// The manifest's first line; of indexed archives only.
  [[nodiscard]] const std::optional<ManifestHeader>& header() const noexcept { return header_; }
  /// The top folder in the tar; empty if a tar of another program has none.
  [[nodiscard]] const std::string& top() const noexcept { return top_; }

  /// All members but the top folder. Of an indexed archive as the manifest lists them, in strictly ascending order of
  /// path; its hash has been compared when this returns, and until then they are not to be trusted. Else in the tar's
  /// order, without hash and offset; a path or a hard link's target that is absolute or has ".." is given as it stands,
  /// with the flag "unsafe", and paths may come twice.
  void entries(const std::function<void(const ManifestEntry&)>& visit) const;
  /// Only those that the filter takes.
  void entries(const ManifestFilter& wanted, const std::function<void(const ManifestEntry&)>& visit) const;
  /// The member of this path (in a foreign archive the first one, which may be unsafe).
  [[nodiscard]] std::optional<ManifestEntry> entry(const std::string& path) const;

  /// The logical bytes of one regular file in pieces: holes as zeros, a hard link resolved to its first member. Of an
  /// indexed archive only the frames that hold it are read; the tar's header must agree with the manifest, and the hash
  /// is compared at the end: until this returns the bytes are not proven. Errors name the member; not_found if there
  /// is none, usage if it is no file.
  void read_file(const std::string& path, const std::function<void(ByteSpan)>& sink) const;
  /// The same of an entry that `entries` or `entry` gave: saves the search.
  void read_file(const ManifestEntry& entry, const std::function<void(ByteSpan)>& sink) const;

  /// The entry of the regular file that this path names, a hard link resolved. Throws as read_file.
  [[nodiscard]] ManifestEntry file_entry(const std::string& path) const;
  [[nodiscard]] ManifestEntry file_entry(const ManifestEntry& entry) const;

 private:
  void know_header();
  void foreign_entries(const std::function<void(const ManifestEntry&)>& visit) const;

  const RandomAccess& file_;
  std::optional<ContainerReader> container_;
  std::optional<ManifestHeader> header_;
  std::string top_;
  mutable std::once_flag vhost_read_;
  mutable Json vhost_;
  bool vhost_known_ = false;  // from the beginning of a foreign archive
};

}  // namespace wobackup
