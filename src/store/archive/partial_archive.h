// An archive that is being written, and its publication.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/cancellation.h"
#include "base/disk_stream.h"
#include "base/unique_fd.h"
#include "container/container_writer.h"
#include "container/manifest.h"
#include "crypto/sha256.h"
#include "crypto/stream_hash.h"

namespace wobackup {

/// What limits the writing.
struct WriteLimits {
  std::uint64_t min_free_bytes = 0;    ///< free space that must stay; less ends the writing with no_space
  std::uint64_t bytes_per_second = 0;  ///< 0: as fast as it goes
};

/// A hidden file ".<name>.tar.zst.partial" beside its final name, mode 0600, locked by its descriptor while it is
/// written so that `remove_abandoned_partials` knows it is alive. It is removed by the destructor unless published.
/// Bytes are written by a thread of their own, and hashed by those that
/// use `hash()` beside their own messages. Used from one thread at a time.
class PartialArchive final : public ByteOutput {
 public:
  /// `directory_fd` and the cancellation outlive the object; `directory` is its path for messages.
  PartialArchive(int directory_fd, std::filesystem::path directory, const std::string& name, const WriteLimits& limits,
                 const Cancellation& cancellation);
  ~PartialArchive() override;

  void write(ByteSpan bytes) override;
  /// So far; may be asked from any thread.
  [[nodiscard]] std::uint64_t written_bytes() const noexcept { return written_bytes_; }

  /// The file's hash in the making, for sha256_many's `beside`.
  [[nodiscard]] StreamHash& hash() noexcept { return hash_; }

  /// Ends the writing: everything is on the disk. Returns the file's hash.
  [[nodiscard]] Sha256Digest sync();
  /// Gives the file its final name, which must not exist. Returns false if it does. REQUIRES: sync was called.
  [[nodiscard]] bool publish(const std::string& file_name);

 private:
  void keep_pace();
  void check_space() const;

  int directory_fd_;
  std::filesystem::path directory_;
  std::string partial_name_;
  WriteLimits limits_;
  const Cancellation& cancellation_;
  UniqueFd fd_;
  StreamHash hash_;
  std::atomic<std::uint64_t> written_bytes_{0};  // read by the progress
  std::uint64_t checked_at_bytes_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::optional<DiskStream> stream_;  // last: it uses fd_ and hash_
};

/// Removes partial files that no live process writes; returns their names.
std::vector<std::string> remove_abandoned_partials(int directory_fd);

/// The default for min_free: the larger of 1 GiB and 5 % of the file system, but at most 10 % of it, so that a small
/// disk can hold backups at all.
[[nodiscard]] std::uint64_t default_min_free(std::uint64_t file_system_bytes) noexcept;

/// Free and total bytes for this process in the directory's file system.
struct Space {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};
[[nodiscard]] Space space_of(int directory_fd, const std::filesystem::path& directory);

/// What shall stay free there: as configured, else the default.
[[nodiscard]] std::uint64_t min_free_in(const Space& space, std::optional<std::uint64_t> configured) noexcept;

/// What all files of an archive take where their holes are kept, at the most: its tar stores none.
[[nodiscard]] inline std::uint64_t most_room_bytes(const ManifestHeader& header) noexcept {
  return std::min(header.file_bytes, header.tar_bytes);
}

/// Throws no_space if less than min_free would be left after writing `expected_bytes`.
void require_space(const Space& space, std::uint64_t min_free_bytes, std::uint64_t expected_bytes,
                   const std::filesystem::path& directory);

}  // namespace wobackup
